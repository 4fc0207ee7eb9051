namespace VmExecutor.Core.Leftovers;

/// <summary>Names leftovers' reasons for people and for scripts.</summary>
public static class LeftoverText
{
    /// <summary>The text behind a job in a list: <c>the runner's process is gone</c>.</summary>
    public static string Describe(LeftoverReason reason) => reason switch
    {
        LeftoverReason.RunnerGone => "the runner's process is gone",
        LeftoverReason.TemporaryDirectoryGone => "the runner's directory for it is gone",
        LeftoverReason.TimeOver => "its time is over",
        LeftoverReason.HostRestarted => "the host was restarted",
        LeftoverReason.NoRecord => "files without a usable job.json",
        LeftoverReason.HalfMade => "half made or half removed",
        LeftoverReason.NoJob => "a process without a job",
        LeftoverReason.JobGone => "the job whose service it was is gone",
        LeftoverReason.VmGone => "it waited for a job, and its VM is gone",
        LeftoverReason.UserWithoutClone => "of a VM's user whose VM is gone",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, null),
    };

    /// <summary>The stable name in JSON and in the ledger: <c>runner_gone</c>.</summary>
    public static string Name(LeftoverReason reason) => reason switch
    {
        LeftoverReason.RunnerGone => "runner_gone",
        LeftoverReason.TemporaryDirectoryGone => "tmpdir_gone",
        LeftoverReason.TimeOver => "time_over",
        LeftoverReason.HostRestarted => "host_restarted",
        LeftoverReason.NoRecord => "no_record",
        LeftoverReason.HalfMade => "half_made",
        LeftoverReason.NoJob => "no_job",
        LeftoverReason.JobGone => "job_gone",
        LeftoverReason.VmGone => "vm_gone",
        LeftoverReason.UserWithoutClone => "user_without_clone",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, null),
    };
}
