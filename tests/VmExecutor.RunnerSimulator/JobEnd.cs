using VmExecutor.RunnerSimulator.Stages;

namespace VmExecutor.RunnerSimulator;

/// <summary>
/// The runner's verdict on a job while it goes on, and in the end; <paramref name="Status"/> is CI_JOB_STATUS from then on,
/// and after one that <paramref name="StopsHere"/> only cleanup follows.
/// </summary>
internal sealed record JobEnd(
    JobState State, FailureReason Reason, int? ExitCode, string Message, string Status, bool StopsHere = false)
{
    public static readonly JobEnd Succeeded = new(JobState.Success, FailureReason.None, null, "", "success");

    /// <summary>The end that a stage makes of the job; null: it goes on.</summary>
    public static JobEnd? After(StageRecord record) => record.Interruption switch
    {
        Interruption.Canceled => new JobEnd(JobState.Canceled, FailureReason.None, null, "canceled", "canceled"),
        Interruption.Aborted => new JobEnd(JobState.Canceled, FailureReason.None, null, "canceled", "canceled", StopsHere: true),
        Interruption.JobTimeout => TimedOut("execution took longer than the job's timeout") with { StopsHere = true },
        Interruption.StageTimeout => TimedOut("script timed out"),
        Interruption.RunnerStopped => System("aborted: terminated") with { StopsHere = true },
        Interruption.RunnerKilled => new JobEnd(JobState.Abandoned, FailureReason.None, null, "runner killed", "", StopsHere: true),
        _ => OfReading(record.Reading),
    };

    public static JobEnd? OfReading(StageReading reading) => reading.Verdict switch
    {
        Verdict.Success => null,
        Verdict.BuildFailure => new JobEnd(JobState.Failed, FailureReason.ScriptFailure, reading.ExitCode, reading.Message, "failed"),
        _ => System(reading.Message),
    };

    private static JobEnd System(string message) => new(JobState.Failed, FailureReason.RunnerSystemFailure, null, message, "failed");

    private static JobEnd TimedOut(string message) =>
        new(JobState.Failed, FailureReason.JobExecutionTimeout, null, message, "timedout");

    public string TraceLine => State switch
    {
        JobState.Success => "Job succeeded",
        JobState.Canceled => "WARNING: job canceled",
        _ when Reason == FailureReason.RunnerSystemFailure => $"ERROR: Job failed (system failure): {Message}",
        _ => $"ERROR: Job failed: {Message}",
    };
}
