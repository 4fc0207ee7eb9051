using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Observing;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Services;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Jobs;

/// <summary>
/// The record that prepare leaves for run and cleanup in the job's directory, <c>job.json</c>. It holds no secret of the job.
/// </summary>
public sealed record JobRecord
{
    public required OwnershipStamp Stamp { get; init; }

    /// <summary>The job's name in its pipeline; null: the clone was not made for a job, or the server does not tell.</summary>
    public string? JobName { get; init; }

    public required string Domain { get; init; }

    /// <summary>The libvirt connection the domain lives on.</summary>
    public required string LibvirtUri { get; init; }

    /// <summary>Null until the guest was reached.</summary>
    public GuestRecord? Guest { get; init; }

    public required string Shell { get; init; }

    /// <summary>Null: destroyed at once by cleanup; else how long the guest may take to shut down.</summary>
    public TimeSpan? ShutdownGrace { get; init; }

    /// <summary>The files the clone stands on, as they were when it was made.</summary>
    public IReadOnlyList<BaseFingerprint> Bases { get => field ?? []; init; }

    /// <summary>The resources that the job was admitted with; null: it still waits for its turn.</summary>
    public ClaimRecord? Claim { get; init; }

    /// <summary>The memory that the job could have chosen; null: an older driver has written this.</summary>
    public MemoryChoice? MemoryChoice { get; init; }

    /// <summary>The most that its overlays may take on the host's disk, in bytes; null: no limit.</summary>
    public long? MaxOverlayBytes { get; init; }

    /// <summary>Null: the driver has not stopped its VM.</summary>
    public StopRecord? Stopped { get; init; }

    /// <summary>The kind of start: <c>cold</c> or <c>warm</c>.</summary>
    public string Start { get => field ?? "cold"; init; }

    /// <summary>
    /// The reason why an image with templates was started cold, the word of a <c>ColdReason</c>; null: it was not, or has no templates.
    /// </summary>
    public string? ColdReason { get; init; }

    /// <summary>The directory of the template that a warm VM stands on.</summary>
    public string? Template { get; init; }

    /// <summary>Set: the clone was made before there was a job for it.</summary>
    public StandbyRecord? Standby { get; init; }

    /// <summary>The reason why it has no standby clone, in a word (<see cref="Core.Standby.StandbyMiss"/>); null: it has one, or none was wanted.</summary>
    public string? StandbyMiss { get; init; }

    /// <summary>True: it waits for a job.</summary>
    [JsonIgnore]
    public bool IsStandby => Standby is not null && Stamp.Job is null;

    /// <summary>True: it stays until its time is over, whatever becomes of the process that made it.</summary>
    [JsonIgnore]
    public bool StaysByItself => Kept || IsStandby;

    /// <summary>The time at which the guest was ready for scripts; null: it was not, or not yet.</summary>
    public DateTimeOffset? Ready { get; init; }

    /// <summary>Seconds that each phase of prepare took.</summary>
    public IReadOnlyDictionary<string, double> Phases { get => field ?? new Dictionary<string, double>(); init; }

    /// <summary>
    /// True when the VM is to be kept after the job (<c>try --keep</c>, or a failed job's); it stays until its time is over.
    /// </summary>
    public bool Kept { get; init; }

    /// <summary>The plan for the VM in case the job's script fails; null: it goes with the job.</summary>
    public KeepPlan? KeepFailed { get; init; }

    /// <summary>Null: no script has failed so that the VM stays.</summary>
    public KeepRecord? Keep { get; init; }

    /// <summary>The policy for what its guest may reach; null: none.</summary>
    public EgressRecord? Egress { get; init; }

    /// <summary>The containers beside the job in its guest; null: none were started.</summary>
    public ServicesRecord? Services { get; init; }

    /// <summary>Its services that are VMs of their own.</summary>
    public IReadOnlyList<ServiceVmRecord> ServiceVms { get => field ?? []; init; }

    /// <summary>Those of them that are gone before the job's VM, which is kept: for its line of the ledger.</summary>
    public IReadOnlyList<LedgerService> RemovedServices { get => field is null ? [] : [.. field.OfType<LedgerService>()]; init; }

    /// <summary>The project's disk that it has; null: none.</summary>
    public ProjectDiskUse? ProjectDisk { get; init; }

    /// <summary>Indented, for administrators who look.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, JobRecordContext.Default.JobRecord);

    /// <summary>Null when the text is not a job record (half written, or of another version).</summary>
    public static JobRecord? TryParse(string json) => RecordJson.TryParse(json, JobRecordContext.Default.JobRecord);
}

/// <summary>The way to reach the guest over ssh; with no host keys, the one of the first contact is in the job's known_hosts.</summary>
public sealed record GuestRecord(string Host, int Port, string User, string KeyFile, IReadOnlyList<string> HostKeys, string LoginShell)
{
    /// <summary>Of the boot that prepare met; null: the guest has not said, or an older driver has written this.</summary>
    public string? BootId { get; init; }

    /// <summary>The proof that tells the guest from others; null: an older driver has written this.</summary>
    public GuestProof? Proof { get; init; }

    /// <summary>A firewall in the guest seems to count connections.</summary>
    public bool CountsConnections { get; init; }
}

/// <summary>A base file's identity and last change; a clone relies on them not to change (statx(2)).</summary>
public sealed record BaseFingerprint(string Path, ulong Inode, long Bytes, long ModifiedNanoseconds);

[JsonSourceGenerationOptions(
    Converters = [typeof(RecordTimeSpanConverter), typeof(RecordDateConverter), typeof(RecordNumberConverter)],
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(JobRecord))]
internal sealed partial class JobRecordContext : JsonSerializerContext;
