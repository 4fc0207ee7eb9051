using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Egress;

/// <summary>
/// The destinations that a job wanted to reach: names, and addresses with port and protocol. The job's directory keeps them while it runs, and its line of the
/// ledger afterwards. Their number is bounded, whatever the guest tries.
/// </summary>
public sealed record EgressNotes
{
    /// <summary>Of each kind.</summary>
    public const int Most = 200;

    public required string Policy { get; init; }

    /// <summary>True: nothing was refused, and <see cref="Refused"/> would have been.</summary>
    public bool Watches { get; init; }

    /// <summary>Names that the policy allows, by how often they were asked for.</summary>
    public SortedDictionary<string, long> Allowed { get => field ??= new(StringComparer.Ordinal); init; }

    /// <summary>Names by how often they were asked for, and addresses by the packets that began a connection.</summary>
    public SortedDictionary<string, long> Refused { get => field ??= new(StringComparer.Ordinal); init; }

    /// <summary>True: there were more than are kept.</summary>
    public bool AreCut { get; init; }

    [JsonIgnore]
    public bool AreEmpty => Allowed.Count == 0 && Refused.Count == 0;

    /// <summary>The number of times that something was refused, or would have been.</summary>
    [JsonIgnore]
    public long RefusedTimes => Refused.Values.Aggregate(0L, (sum, count) => Math.Max(count, 0) > long.MaxValue - sum ? long.MaxValue : sum + Math.Max(count, 0));

    public static EgressNotes None(EgressPolicy policy) => new() { Policy = policy.Name, Watches = policy.Watches };

    /// <summary>These, and those that were noted before.</summary>
    public EgressNotes And(EgressNotes earlier)
    {
        var (allowed, allowedCut) = Join(earlier.Allowed, Allowed);
        var (refused, refusedCut) = Join(earlier.Refused, Refused);
        return this with { Allowed = allowed, Refused = refused, AreCut = AreCut || earlier.AreCut || allowedCut || refusedCut };
    }

    /// <summary>The refusals that these have and the earlier ones have not, as lines for the job log.</summary>
    public IReadOnlyList<string> News(EgressNotes earlier)
    {
        if (Watches)
        {
            return [];
        }

        var fresh = Refused.Keys.Where(what => !earlier.Refused.ContainsKey(what)).Select(what => $"egress policy '{Policy}' refused {what}").ToList();
        return AreCut && !earlier.AreCut ? [.. fresh, $"egress policy '{Policy}' refused more than these {Most}"] : fresh;
    }

    public string ToJson() => JsonSerializer.Serialize(this, EgressNotesContext.Default.EgressNotes);

    /// <summary>Null: damaged.</summary>
    public static EgressNotes? TryParse(string json) => RecordJson.TryParse(json, EgressNotesContext.Default.EgressNotes);

    private static (SortedDictionary<string, long> All, bool Cut) Join(SortedDictionary<string, long> earlier, SortedDictionary<string, long> now)
    {
        var all = new SortedDictionary<string, long>(earlier, StringComparer.Ordinal);
        foreach (var (what, count) in now)
        {
            if (all.TryGetValue(what, out var before) || all.Count < Most)
            {
                all[what] = Math.Max(before, 0) > long.MaxValue - Math.Max(count, 0) ? long.MaxValue : Math.Max(before, 0) + Math.Max(count, 0);
            }
        }

        return (all, now.Keys.Any(what => !all.ContainsKey(what)));
    }
}

[JsonSourceGenerationOptions(
    Converters = [typeof(RecordTimeSpanConverter), typeof(RecordDateConverter), typeof(RecordNumberConverter)],
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(EgressNotes))]
internal sealed partial class EgressNotesContext : JsonSerializerContext;
