using System.Diagnostics;

namespace VmExecutor.Trials;

/// <summary>Runs a stage of this very program as the runner would: a process of its own that writes straight to our terminal.</summary>
internal sealed class StageProcess(IReadOnlyDictionary<string, string> environment, string workingDirectory)
{
    /// <param name="arguments">The stage and its arguments.</param>
    /// <param name="answer">Set: stdout is collected (the config stage's JSON).</param>
    /// <returns>Exit code and, where collected, stdout.</returns>
    public async Task<(int ExitCode, string Answer)> RunAsync(IEnumerable<string> arguments, bool answer = false)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, arguments)
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = answer,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = answer ? await process.StandardOutput.ReadToEndAsync() : string.Empty;

        // Not cancelled: Ctrl-C reaches the stage too, which stops by itself and says so.
        await process.WaitForExitAsync();
        return (process.ExitCode, output);
    }
}
