namespace VmExecutor.RunnerSimulator.Stages;

/// <summary>The reasons why the runner ended a stage before it ended by itself.</summary>
public enum Interruption
{
    /// <summary>A user pressed cancel.</summary>
    Canceled,

    /// <summary>Force-canceled, or the job was erased.</summary>
    Aborted,

    /// <summary>The job's own time was over.</summary>
    JobTimeout,

    /// <summary>The stage's time was over: an exec timeout of config.toml, or RUNNER_SCRIPT_TIMEOUT.</summary>
    StageTimeout,

    /// <summary>The runner got SIGTERM.</summary>
    RunnerStopped,

    /// <summary>The runner got SIGKILL: it does not end the stage, and does not listen to it any more.</summary>
    RunnerKilled,
}
