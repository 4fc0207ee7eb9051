using System.Text;
using VmExecutor.RunnerSimulator.Processes;

namespace VmExecutor.RunnerSimulator.Stages;

/// <summary>One call of the driver, as the runner saw it.</summary>
public sealed record StageRecord
{
    public required Stage Stage { get; init; }

    /// <summary>Null except for <see cref="Stage.Run"/>.</summary>
    public string? SubStage { get; init; }

    /// <summary>The attempt of config, prepare and cleanup that it belongs to, from 1.</summary>
    public required int Attempt { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>The attempt's TMPDIR.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>0 if the executable could not be started.</summary>
    public int ProcessId { get; init; }

    /// <summary>Null if it was not reaped (abandoned) or never started.</summary>
    public WaitStatus? Status { get; init; }

    public int? ExitCode => Status?.ExitCode;

    /// <summary>Until the runner went on: the process gone and both pipes closed.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The time that another process kept the pipes open after the stage's own process was gone.</summary>
    public TimeSpan PipesHeldOpen { get; init; }

    public byte[] StandardOutput { get; init; } = [];

    public byte[] StandardError { get; init; } = [];

    public string OutputText => Encoding.UTF8.GetString(StandardOutput);

    public string ErrorText => Encoding.UTF8.GetString(StandardError);

    public IReadOnlyList<SentSignal> Signals { get; init; } = [];

    /// <summary>Null: it ended by itself.</summary>
    public Interruption? Interruption { get; init; }

    /// <summary>The runner's reading of it.</summary>
    public required StageReading Reading { get; init; }

    public override string ToString() =>
        $"{Stage}{(SubStage is null ? "" : $" {SubStage}")} (attempt {Attempt}): {Status}, {Reading.Verdict}, {Duration.TotalSeconds:F1} s"
        + $"\nstdout: {Tail(OutputText)}\nstderr: {Tail(ErrorText)}";

    private static string Tail(string text) => text.Length <= 4000 ? text : $"[...]{text[^4000..]}";
}
