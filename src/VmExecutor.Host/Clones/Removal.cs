using VmExecutor.Core.Egress;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.ProjectDisks;

namespace VmExecutor.Host.Clones;

/// <summary>The parts of a job that were there when it was removed, for the ledger.</summary>
public sealed record Removal
{
    /// <summary>One entry for each thing that is gone now; empty: there was nothing.</summary>
    public IReadOnlyList<string> Parts { get; init; } = [];

    /// <summary>The job's record; null: there was none, or it was damaged.</summary>
    public JobRecord? Record { get; init; }

    /// <summary>The scripts that ran.</summary>
    public IReadOnlyList<ScriptRecord> Scripts { get; init; } = [];

    /// <summary>The destinations that its guest wanted to reach; null: it had no policy.</summary>
    public EgressNotes? Egress { get; init; }

    /// <summary>The end of the project's disk for this job; null: the job had none, or ended without its cleanup.</summary>
    public ProjectDiskNote? ProjectDisk { get; init; }

    /// <summary>The job's services that were VMs.</summary>
    public IReadOnlyList<(JobKey Key, Removal Removal)> Services { get; init; } = [];

    /// <summary>QEMU's processor time; null: the VM was gone already.</summary>
    public TimeSpan? CpuTime { get; init; }

    /// <summary>QEMU's memory at its most.</summary>
    public long? PeakMemoryBytes { get; init; }

    /// <summary>The host's memory that QEMU alone had when it was ended.</summary>
    public long? HostMemoryBytes { get; init; }

    /// <summary>The names of the overlays.</summary>
    public IReadOnlyList<string> Overlays { get; init; } = [];

    /// <summary>The size of the overlays, in bytes.</summary>
    public long? DiskBytes { get; init; }

    public TimeSpan Duration { get; init; }
}
