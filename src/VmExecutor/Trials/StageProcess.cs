using System.Diagnostics;
using VmExecutor.Host.Processes;

namespace VmExecutor.Trials;

/// <summary>Runs a stage of this very program as the runner would: a process of its own.</summary>
internal sealed class StageProcess(IReadOnlyDictionary<string, string> environment, string workingDirectory)
{
    /// <param name="arguments">The stage and its arguments.</param>
    /// <param name="output">What becomes of what it says.</param>
    /// <param name="over">When the stage's time is over: it is sent SIGTERM, as the runner does.</param>
    /// <returns>Exit code and, where collected, what it said.</returns>
    public async Task<(int ExitCode, string Answer)> RunAsync(
        IEnumerable<string> arguments, StageOutput output = StageOutput.Passed, CancellationToken over = default)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, arguments)
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = output != StageOutput.Passed,
            RedirectStandardError = output == StageOutput.Kept,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        await using var ending = over.Register(() => UnixSignal.Send(process.Id, UnixSignal.Terminate));
        var said = start.RedirectStandardOutput ? process.StandardOutput.ReadToEndAsync(CancellationToken.None) : Task.FromResult(string.Empty);
        var complained = start.RedirectStandardError ? process.StandardError.ReadToEndAsync(CancellationToken.None) : Task.FromResult(string.Empty);
        var answer = await said + await complained;

        // Not cancelled: Ctrl-C reaches the stage too, which stops by itself and says so.
        await process.WaitForExitAsync(CancellationToken.None);
        return (process.ExitCode, answer);
    }
}

/// <summary>What becomes of what a stage says.</summary>
internal enum StageOutput
{
    /// <summary>It goes straight to our terminal.</summary>
    Passed,

    /// <summary>Its stdout is the answer (the config stage's JSON), the rest goes to our terminal.</summary>
    Answer,

    /// <summary>All of it is the answer.</summary>
    Kept,
}
