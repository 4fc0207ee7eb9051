using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Core.Observing;

/// <summary>
/// What was made for a job and what became of it: one line of <c>ledger.jsonl</c>, written when its VM and files are removed. A job
/// whose preparation failed and was tried again has a line for each try. No secret, no script, no value of a variable.
/// </summary>
public sealed record LedgerEntry
{
    public required string Job { get; init; }

    public string? Project { get; init; }

    public string? Image { get; init; }

    /// <summary>Of the image; null: the VM stood on the source itself.</summary>
    public int? Generation { get; init; }

    /// <summary><c>cold</c> or <c>warm</c>.</summary>
    public string? Start { get; init; }

    /// <summary>Why the VM of an image with templates was started cold all the same, in one word: <c>no_template</c>, <c>qemu_changed</c>.</summary>
    public string? ColdReason { get; init; }

    /// <summary>
    /// <c>success</c>, <c>failed</c>, <c>canceled</c>, <c>timedout</c> as the runner says at cleanup; <c>prepare_failed</c>; <c>stopped</c> by an administrator;
    /// <c>leftover</c> when nobody came to clean up.
    /// </summary>
    public required string Result { get; init; }

    /// <summary>An error code (<c>VMX1402</c>), or why it was a leftover (<c>runner_gone</c>).</summary>
    public string? Reason { get; init; }

    /// <summary>Who removed it: <c>cleanup</c>, <c>prepare</c>, <c>gc</c>, <c>stop</c>.</summary>
    public required string RemovedBy { get; init; }

    public DateTimeOffset? Created { get; init; }

    public DateTimeOffset? Ready { get; init; }

    public required DateTimeOffset Removed { get; init; }

    /// <summary>Seconds that each phase of prepare took.</summary>
    public IReadOnlyDictionary<string, double> Prepare { get; init; } = new Dictionary<string, double>();

    /// <summary>The scripts that ran, in order.</summary>
    public IReadOnlyList<ScriptRecord> Scripts { get; init; } = [];

    /// <summary>How long the removing took.</summary>
    public required double CleanupSeconds { get; init; }

    /// <summary>Of QEMU, emulation and devices included; null: the VM was gone before anybody could ask.</summary>
    public double? CpuSeconds { get; init; }

    /// <summary>The most memory QEMU had at once (proc(5), VmHWM).</summary>
    public long? PeakMemoryBytes { get; init; }

    /// <summary>What the overlays took on the host's disk in the end; they only grow, so it is the most as well.</summary>
    public long? DiskBytes { get; init; }

    /// <summary>What was made and was there until now: <c>domain vmx-…</c>, <c>overlay vda.qcow2</c>.</summary>
    public IReadOnlyList<string> Made { get; init; } = [];

    /// <summary>What there was to remove: <c>domain vmx-…</c>, <c>ssh 4711</c>, <c>qemu 4712</c>, <c>directory …</c>; all of it is gone.</summary>
    public required IReadOnlyList<string> RemovedParts { get; init; }

    public string ToLine() => JsonSerializer.Serialize(this, LedgerContext.Default.LedgerEntry) + "\n";

    /// <summary>Null when the line is not one, or was cut when the host lost power.</summary>
    public static LedgerEntry? TryParse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, LedgerContext.Default.LedgerEntry);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(LedgerEntry))]
internal sealed partial class LedgerContext : JsonSerializerContext;
