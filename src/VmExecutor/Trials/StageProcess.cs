using CliWrap;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Trials;

/// <summary>Runs a stage of this very program as the runner would: a process of its own.</summary>
/// <param name="environment">Its variables.</param>
/// <param name="workingDirectory">Where it runs.</param>
/// <param name="program">Another program in its place; null: this very one.</param>
internal sealed class StageProcess(IReadOnlyDictionary<string, string> environment, string workingDirectory, string? program = null)
{
    /// <summary>An answer has hundreds of bytes, and of all that a stage says the end is told.</summary>
    internal const int LongestAnswer = 1 << 20;

    /// <param name="arguments">The stage and its arguments.</param>
    /// <param name="output">The treatment of its output.</param>
    /// <param name="over">When the stage's time is over: it is sent SIGTERM, as the runner does.</param>
    /// <returns>Exit code and, where collected, the end of what it said.</returns>
    public async Task<(int ExitCode, string Answer)> RunAsync(
        IEnumerable<string> arguments, StageOutput output = StageOutput.Passed, CancellationToken over = default)
    {
        var (said, complained) = ("", "");
        var file = program ?? Environment.ProcessPath!;
        var stage = ToolNotStartedException.OrStarted(file, () => Cli.Wrap(file)
            .WithArguments(arguments)
            .WithWorkingDirectory(workingDirectory)
            .WithEnvironmentVariables(environment.ToDictionary(variable => variable.Key, string? (variable) => variable.Value))
            .WithValidation(CommandResultValidation.None)
            .WithStandardOutputPipe(PipeTarget.Create(async (stream, token) => said = await BoundedText.ReadEndAsync(stream, LongestAnswer, token)))
            .WithStandardErrorPipe(PipeTarget.Create(async (stream, token) => complained = await BoundedText.ReadEndAsync(stream, LongestAnswer, token)))
            .ExecuteAsync(
                start =>
                {
                    start.RedirectStandardOutput = output != StageOutput.Passed;
                    start.RedirectStandardError = output == StageOutput.Kept;
                },
                configureProcess: null,
                CancellationToken.None,
                CancellationToken.None));

        // CliWrap does not cancel it: Ctrl-C reaches the stage too, which stops by itself and says so.
        await using var ending = over.Register(() => UnixSignal.Send(stage.ProcessId, UnixSignal.Terminate));
        var result = await stage.Task;
        return (result.ExitCode, $"{said}{complained}");
    }
}

/// <summary>The treatment of a stage's output.</summary>
internal enum StageOutput
{
    /// <summary>It goes straight to our terminal.</summary>
    Passed,

    /// <summary>Its stdout is the answer (the config stage's JSON), the rest goes to our terminal.</summary>
    Answer,

    /// <summary>All of it is the answer.</summary>
    Kept,
}
