namespace VmExecutor.Core.Leftovers;

/// <summary>The reasons why something of a job is a leftover.</summary>
public enum LeftoverReason
{
    /// <summary>The runner's process has ended; a process of the same id that started later is another one.</summary>
    RunnerGone,

    /// <summary>The runner has deleted its directory of the attempt, as it does after cleanup.</summary>
    TemporaryDirectoryGone,

    /// <summary>The job's time with its margin is over.</summary>
    TimeOver,

    /// <summary>The host was started anew since; no VM of the driver survives that.</summary>
    HostRestarted,

    /// <summary>Files of a job whose record is damaged or missing, and no VM runs on them.</summary>
    NoRecord,

    /// <summary>A directory whose making or removing was interrupted.</summary>
    HalfMade,

    /// <summary>A process of a job of which nothing else is there.</summary>
    NoJob,

    /// <summary>A process or file of a user of the host whose clone is gone.</summary>
    UserWithoutClone,

    /// <summary>A VM that was a job's service, and the job is gone.</summary>
    JobGone,

    /// <summary>A clone that waits for a job and whose VM is gone.</summary>
    VmGone,
}
