using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Observing;

/// <summary>
/// One line of <c>ledger.jsonl</c>: the parts that were made for a job, and their end. It is written when the VM and files are removed. A
/// job whose preparation failed and was tried again has a line for each try. It has no secret, no script and no value of a variable.
/// </summary>
public sealed record LedgerEntry
{
    private static readonly string MemoryWatermark = ErrorCodes.MemoryWatermarkPassed.ToString();

    public required string Job { get; init; }

    /// <summary>The job's name in its pipeline, as its author wrote it.</summary>
    public string? JobName { get; init; }

    public string? Project { get; init; }

    public string? Image { get; init; }

    /// <summary>Of the image; null: the VM stood on the source itself.</summary>
    public int? Generation { get; init; }

    /// <summary><c>standby</c>, <c>warm</c> or <c>cold</c>.</summary>
    public string? Start { get; init; }

    /// <summary>
    /// The reason why the VM of an image with templates was started cold, in one word: <c>no_template</c>, <c>qemu_changed</c>.
    /// </summary>
    public string? ColdReason { get; init; }

    /// <summary>The reason why the job of an image that wants standby clones got none, in one word: <c>none</c>, <c>too_old</c>, <c>generation</c>.</summary>
    public string? StandbyMiss { get; init; }

    /// <summary>The seconds for which the job's standby clone had waited.</summary>
    public double? StandbySeconds { get; init; }

    /// <summary>
    /// <c>success</c>, <c>failed</c>, <c>canceled</c>, <c>timedout</c> as the runner says at cleanup; <c>prepare_failed</c>;
    /// <c>stopped</c> by an administrator; <c>leftover</c> when no cleanup came.
    /// </summary>
    public required string Result { get; init; }

    /// <summary>An error code (<c>VMX1402</c>), or why it was a leftover (<c>runner_gone</c>).</summary>
    public string? Reason { get; init; }

    /// <summary>The command or stage that removed it: <c>cleanup</c>, <c>prepare</c>, <c>gc</c>, <c>stop</c>.</summary>
    public required string RemovedBy { get; init; }

    public DateTimeOffset? Created { get; init; }

    public DateTimeOffset? Ready { get; init; }

    public required DateTimeOffset Removed { get; init; }

    /// <summary>The start of the standby clone that the job took: <c>warm</c> or <c>cold</c>; null: it took none.</summary>
    public string? StandbyMadeAs { get; init; }

    /// <summary>Seconds that each phase of prepare took.</summary>
    public IReadOnlyDictionary<string, double> Prepare { get => field ?? new Dictionary<string, double>(); init; }

    /// <summary>The scripts that ran, in order.</summary>
    public IReadOnlyList<ScriptRecord> Scripts { get => field ?? []; init; }

    /// <summary>The seconds that the removal took.</summary>
    public required double CleanupSeconds { get; init; }

    /// <summary>The memory that the VM had.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>The memory of the host that was kept for the VM by what earlier runs took (<c>limits.reserve</c>); null: as much as the VM had.</summary>
    public long? ReservedBytes { get; init; }

    /// <summary>The processors that the VM had.</summary>
    public int? Cpus { get; init; }

    /// <summary>
    /// The most memory that the guest said it used while a script ran. A hint for the job's author: a guest may say what it likes. Null: it has said nothing.
    /// </summary>
    public long? GuestPeakBytes { get; init; }

    /// <summary>
    /// The host's memory that the VM alone had in the end, as capacity counts it (proc(5), RssAnon, RssShmem, HugetlbPages of QEMU), and what of it was swapped out (VmSwap). QEMU gives hardly any back,
    /// so it is about the most, too. Null: the VM was gone before it could be measured.
    /// </summary>
    public long? HostMemoryBytes { get; init; }

    /// <summary>CPU time of QEMU, emulation and devices included; null: the VM was gone before it could be asked.</summary>
    public double? CpuSeconds { get; init; }

    /// <summary>The most memory QEMU had at once (proc(5), VmHWM).</summary>
    public long? PeakMemoryBytes { get; init; }

    /// <summary>The size of the overlays on the host's disk at the end, in bytes; they only grow, so it is the most as well.</summary>
    public long? DiskBytes { get; init; }

    /// <summary>The destinations that it wanted to reach; null: it had no egress policy.</summary>
    public EgressNotes? Egress { get; init; }

    /// <summary>The project's disk that it had, and what became of its changes; null: it had none.</summary>
    public ProjectDiskNote? ProjectDisk { get; init; }

    /// <summary>The VMs that were services of the job; null: it had none.</summary>
    public IReadOnlyList<LedgerService>? Services { get; init => field = value is { Count: > 0 } ? value : null; }

    /// <summary>The parts that were made and were there until now: <c>domain vmx-…</c>, <c>overlay vda.qcow2</c>.</summary>
    public IReadOnlyList<string> Made { get => field ?? []; init; }

    /// <summary>
    /// The parts that were removed: <c>domain vmx-…</c>, <c>ssh 4711</c>, <c>qemu 4712</c>, <c>directory …</c>; all of them are gone.
    /// </summary>
    public required IReadOnlyList<string> RemovedParts { get; init; }

    /// <summary>True: its VM was stopped since the host was short of memory. Whatever removed the job, its script has noted that.</summary>
    [JsonIgnore]
    public bool WasShortOfMemory => Reason == MemoryWatermark || Scripts.Any(script => script.Failure == MemoryWatermark);

    public string ToLine() => JsonSerializer.Serialize(this, LedgerContext.Default.LedgerEntry) + "\n";

    /// <summary>Null when the line is not one, or was cut when the host lost power.</summary>
    public static LedgerEntry? TryParse(string line) => RecordJson.TryParse(line, LedgerContext.Default.LedgerEntry);
}

[JsonSourceGenerationOptions(
    Converters = [typeof(RecordTimeSpanConverter), typeof(RecordDateConverter), typeof(RecordNumberConverter)],
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(LedgerEntry))]
internal sealed partial class LedgerContext : JsonSerializerContext;
