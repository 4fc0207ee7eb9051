namespace VmExecutor.Core.Jobs;

/// <summary>
/// The owner of a clone and its files: written into the domain's metadata and into <c>job.json</c>. Domains and files without a stamp are
/// never touched.
/// </summary>
public sealed record OwnershipStamp
{
    /// <summary>The key of the clone: its directory and its domain are named after it.</summary>
    public required string Key { get; init; }

    /// <summary>
    /// The key of the job that took a clone which was made before, or whose service the clone is; null: the clone was made for the job of its own key.
    /// </summary>
    public string? Job { get; init; }

    /// <summary>The key of the job that it belongs to.</summary>
    public string JobName => Job ?? Key;

    /// <summary>The job whose service the clone is; null: it is none.</summary>
    public JobKey? JobOfService => JobKey.TryParse(Key, out var key) && JobKey.TryParse(Job, out var job) && key.IsServiceOf(job) ? job : null;

    /// <summary>The user of the host that its QEMU runs as, and no other clone's; null: libvirt's one QEMU user, or it has none yet.</summary>
    public string? User { get; init; }

    public required string? Project { get; init; }

    public required string Image { get; init; }

    /// <summary>The image's generation that the clone stands on; null: it stands on the source itself.</summary>
    public int? Generation { get; init; }

    /// <summary>The process whose end makes the clone a leftover: the runner's.</summary>
    public required RunnerProcess Runner { get; init; }

    /// <summary>The runner's directory of this attempt; gone when the attempt is over.</summary>
    public required string? TemporaryDirectory { get; init; }

    /// <summary>The state directory: the clone's files are there, and the lock that is held by a process that works on the job.</summary>
    public required string StateDir { get; init; }

    /// <summary>
    /// The place and time at which it was made, by the kernel's count: process ids and clocks mean something else on other hosts.
    /// </summary>
    public required HostMoment Made { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>The time from which the clone is a leftover: the end of the job's time, with a margin.</summary>
    public required DateTimeOffset Expires { get; init; }
}

/// <summary>A process that cannot be mistaken for a later one with the same id: pid and start time (proc(5), stat field 22, in clock ticks since boot).</summary>
public sealed record RunnerProcess(int Pid, long StartTicks);

/// <summary>A moment on one boot of one host, as seen from one process namespace.</summary>
/// <param name="Host">Its name.</param>
/// <param name="Boot">The kernel's id of this boot (random(4), <c>boot_id</c>).</param>
/// <param name="Processes">The process namespace in which pids are meant (namespaces(7), <c>/proc/self/ns/pid</c>).</param>
/// <param name="SinceBoot">CLOCK_BOOTTIME, which cannot be set: steps of the wall clock do not age a job.</param>
/// <param name="Machine">The installation's id (machine-id(5)), which stays when the host gets another name; null: it has none.</param>
public sealed record HostMoment(string Host, string Boot, string Processes, TimeSpan SinceBoot, string? Machine = null)
{
    /// <summary>
    /// True when a moment of another boot was on this host. The machine's id decides where both have one; the host's name may have
    /// changed since (DHCP). Hosts that were installed by copying a disk can have the same id: where they can share files, the name must
    /// be the same, too.
    /// </summary>
    /// <param name="other">The moment of another boot.</param>
    /// <param name="mayBeShared">Whether another host can have written what is looked at.</param>
    public bool IsSameHost(HostMoment other, bool mayBeShared) =>
        Machine is not null && other.Machine is not null
            ? Machine == other.Machine && (!mayBeShared || Host == other.Host)
            : Host == other.Host;
}
