using System.Globalization;
using VmExecutor.Core.Failures;

namespace VmExecutor.Host.Processes;

/// <summary>A tool ended with an exit code other than 0; the message carries command line, exit code and the end of stderr.</summary>
public sealed class ToolFailedException(ToolResult result)
    : SystemFailureException(ErrorCodes.ToolFailed, Describe(result), "Run the command by hand as the runner's user to see it fail.")
{
    private const int EvidenceLength = 2000;

    public ToolResult Result { get; } = result;

    private static string Describe(ToolResult result)
    {
        var evidence = result.StandardError.Trim();
        var tail = evidence.Length > EvidenceLength ? "…" + evidence[^EvidenceLength..] : evidence;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"'{result.Call}' ended with exit code {result.ExitCode}: {(tail.Length == 0 ? "(nothing on stderr)" : tail)}");
    }
}
