using VmExecutor.RunnerSimulator.Stages;

namespace VmExecutor.RunnerSimulator;

/// <summary>The end of a job for GitLab.</summary>
public enum JobState
{
    Success,
    Failed,
    Canceled,

    /// <summary>The runner was killed: GitLab will find out by itself much later.</summary>
    Abandoned,
}

/// <summary>GitLab's reasons for a failed job.</summary>
public enum FailureReason
{
    None,
    ScriptFailure,
    RunnerSystemFailure,
    JobExecutionTimeout,
}

/// <summary>A finished job: its state, its log and every call of the driver.</summary>
public sealed record JobResult
{
    public required JobState State { get; init; }

    public FailureReason FailureReason { get; init; }

    /// <summary>Of a script failure.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The job log as raw bytes: before the runner's masking and time stamps.</summary>
    public required byte[] Trace { get; init; }

    public required RunnerLog RunnerLog { get; init; }

    public required IReadOnlyList<StageRecord> Stages { get; init; }

    public string TraceText => System.Text.Encoding.UTF8.GetString(Trace);

    /// <summary>The last call of a stage, or of run with this sub-stage.</summary>
    public StageRecord Last(Stage stage, string? subStage = null) =>
        Stages.Last(record => record.Stage == stage && (subStage is null || record.SubStage == subStage));

    /// <summary>Sub-stages in the order they ran.</summary>
    public IEnumerable<string> SubStages => Stages.Where(record => record.Stage == Stage.Run).Select(record => record.SubStage!);

    public override string ToString() =>
        $"{State} {FailureReason} {ExitCode}\n{string.Join("\n", Stages.Select(stage => stage.ToString()))}";
}
