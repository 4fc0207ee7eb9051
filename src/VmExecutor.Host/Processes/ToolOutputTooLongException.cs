using System.Globalization;
using VmExecutor.Core.Failures;

namespace VmExecutor.Host.Processes;

/// <summary>A tool printed more than any answer of a tool is long, and was ended.</summary>
/// <param name="call">The tool.</param>
/// <param name="longest">How many bytes are read of it.</param>
public sealed class ToolOutputTooLongException(ToolCall call, int longest)
    : SystemFailureException(
        ErrorCodes.ToolFailed,
        string.Create(CultureInfo.InvariantCulture, $"'{call}' printed more than {longest >> 20} MiB, and was ended"),
        "Run the command by hand as the runner's user: it, or what PATH gives in its place, prints without end.");
