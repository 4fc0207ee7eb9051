using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Usage;

/// <summary>
/// The memory of the host that the last runs of each job took, and how far the ledger was read for it: <c>learned.json</c>. Only what the host has seen is in it, never a
/// guest's word. Both are one document, written as a whole, so a line counts once whatever is killed.
/// </summary>
public sealed record LearnedNeeds
{
    /// <summary>The version of the format.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The number of runs of a job that are remembered.</summary>
    public const int Runs = 20;

    /// <summary>The number of runs from which on they say enough.</summary>
    public const int FewestRuns = 5;

    /// <summary>The number of jobs that are remembered; the one that ran longest ago is forgotten first.</summary>
    public const int Most = 2_000;

    public required int Version { get; init; }

    /// <summary>By which the file of the ledger that was read last is known under any name; null: none was.</summary>
    public string? File { get; init; }

    /// <summary>The number of its bytes that are counted.</summary>
    public long Offset { get; init; }

    /// <summary>By a hash of <see cref="JobKind"/>.</summary>
    public Dictionary<string, LearnedJob> Jobs { get => field ??= new(StringComparer.Ordinal); init; }

    public static LearnedNeeds Empty() => new() { Version = CurrentVersion };

    /// <summary>
    /// Counts one line of the ledger. A run that failed may have ended before it took as much as a whole one, so it counts only where it took more than those before it. A run that was
    /// stopped because the host was short of memory counts with its VM's whole size: how much it would have taken is not known, and its retry must not be stopped again.
    /// </summary>
    public void Count(LedgerEntry entry)
    {
        if (JobKind.Of(entry) is not { } kind)
        {
            return;
        }

        var key = KeyOf(kind);
        var before = Jobs.GetValueOrDefault(key)?.Bytes ?? [];
        var bytes = entry.WasShortOfMemory ? kind.MemoryBytes
            : entry.HostMemoryBytes is > 0 and var measured && (entry.Result == "success" || (before.Count > 0 && measured > before.Max())) ? measured
            : 0;
        if (bytes == 0)
        {
            return;
        }

        Jobs[key] = new LearnedJob([.. before.TakeLast(Runs - 1), bytes], entry.Removed);
        if (Jobs.Count > Most)
        {
            Jobs.Remove(Jobs.MinBy(job => job.Value.Last).Key);
        }
    }

    /// <summary>The most that the last runs of a job took, in bytes; null: there were too few.</summary>
    public long? MostOf(JobKind kind) => Jobs.GetValueOrDefault(KeyOf(kind)) is { Bytes: { Count: >= FewestRuns } bytes } ? bytes.Max() : null;

    private static string KeyOf(JobKind kind) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(
        [kind.Project, kind.JobName, kind.Image, kind.MemoryBytes.ToString(CultureInfo.InvariantCulture), kind.IsWoken ? "woken" : "booted"], LearnedNeedsContext.Default.StringArray))))[..32];

    public string ToJson() => JsonSerializer.Serialize(this, LearnedNeedsContext.Default.LearnedNeeds);

    /// <summary>Null: damaged, or of another version.</summary>
    public static LearnedNeeds? TryParse(string json) =>
        RecordJson.TryParse(json, LearnedNeedsContext.Default.LearnedNeeds) is { Version: CurrentVersion, Offset: >= 0 } needs ? needs : null;
}

/// <summary>The last runs of a job.</summary>
/// <param name="Bytes">What each took, the last one last.</param>
/// <param name="Last">When the last one was removed.</param>
public sealed record LearnedJob(IReadOnlyList<long> Bytes, DateTimeOffset Last);

[JsonSourceGenerationOptions(
    Converters = [typeof(RecordTimeSpanConverter), typeof(RecordDateConverter), typeof(RecordNumberConverter)],
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(LearnedNeeds))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class LearnedNeedsContext : JsonSerializerContext;
