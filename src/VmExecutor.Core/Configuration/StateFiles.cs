namespace VmExecutor.Core.Configuration;

/// <summary>
/// The names of what lies directly in <c>state_dir</c>. The parts that write there take them from here, and docs/files.md lists them all.
/// A job's directory has <see cref="Clones.JobFiles"/>, an image's has <see cref="Images.ImagePaths"/>.
/// </summary>
public static class StateFiles
{
    /// <summary>A directory for each job.</summary>
    public const string Jobs = "jobs";

    /// <summary>A symbolic link for each job that took a standby clone, to that clone's directory.</summary>
    public const string Taken = "taken";

    /// <summary>A directory for each published image.</summary>
    public const string Images = "images";

    /// <summary>A directory for each project's disk.</summary>
    public const string ProjectDisks = "disks";

    /// <summary>A directory for each failed job whose scripts are kept.</summary>
    public const string KeptScripts = "kept-scripts";

    /// <summary>The directory of <see cref="LockFiles"/>.</summary>
    public const string Locks = "locks";

    /// <summary>The operator's log, where the configuration names no other place.</summary>
    public const string Log = "log/vm-executor.jsonl";

    /// <summary>A line for each removed job.</summary>
    public const string Ledger = "ledger.jsonl";

    /// <summary>The counters for Prometheus.</summary>
    public const string Totals = "metrics.json";

    /// <summary>The memory that the last runs of each job took of the host.</summary>
    public const string Learned = "learned.json";

    /// <summary>The remembered answer of the probe for KVM.</summary>
    public const string Accelerator = "accelerator.json";

    /// <summary>The standby clones that were wanted and there at the last fill.</summary>
    public const string Standby = "standby.json";

    /// <summary>The order that the host takes no more jobs.</summary>
    public const string Drained = "drained.json";
}

/// <summary>The names in <c>state_dir/locks</c>. The files are empty: a lock is a byte range that the kernel holds.</summary>
public static class LockFiles
{
    /// <summary>One byte for each job that a stage or gc works on.</summary>
    public const string Jobs = "jobs";

    /// <summary>One byte for each job whose record is being changed.</summary>
    public const string Records = "records";

    /// <summary>One byte for each job whose script runs.</summary>
    public const string Scripts = "scripts";

    /// <summary>One byte for each image that is being published, switched or removed.</summary>
    public const string Images = "images";

    /// <summary>One byte for each project's disk that is taken, given a new version, or removed.</summary>
    public const string ProjectDisks = "disks";

    /// <summary>Two bytes: the right to decide which job fits, and the right to end a VM since memory is short.</summary>
    public const string Capacity = "capacity";

    /// <summary>One byte for each job that waits for capacity, at the microsecond of its arrival.</summary>
    public const string Queue = "queue";

    /// <summary>The right to write the ledger.</summary>
    public const string Ledger = "ledger";

    /// <summary>The right to write the operator's log.</summary>
    public const string Log = "log";

    /// <summary>The right to write the numbers for Prometheus.</summary>
    public const string Metrics = "metrics";

    /// <summary>The right to make standby clones.</summary>
    public const string Standby = "standby";
}
