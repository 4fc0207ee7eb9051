using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Egress;

/// <summary>The state of the reading of one VM's refusals, so that each reading goes on where the last one ended.</summary>
public sealed record EgressProgress
{
    /// <summary>The inode of the log that was read; another one is a new log.</summary>
    public ulong Log { get; set; }

    /// <summary>The bytes of it that were read.</summary>
    public long Offset { get; set; }

    /// <summary>Names by the addresses that they were resolved to.</summary>
    public Dictionary<string, string> Names { get => field ??= new(StringComparer.Ordinal); init; }

    /// <summary>Names that were asked for, by the number of the question, until their answer is read.</summary>
    public Dictionary<string, string> Questions { get => field ??= new(StringComparer.Ordinal); init; }

    /// <summary>The count of each element of the sets of what was refused.</summary>
    public Dictionary<string, long> Packets { get => field ??= new(StringComparer.Ordinal); init; }

    public string ToJson() => JsonSerializer.Serialize(this, EgressProgressContext.Default.EgressProgress);

    /// <summary>Null: damaged.</summary>
    public static EgressProgress? TryParse(string json) => RecordJson.TryParse(json, EgressProgressContext.Default.EgressProgress);
}

[JsonSourceGenerationOptions(
    Converters = [typeof(RecordTimeSpanConverter), typeof(RecordDateConverter), typeof(RecordNumberConverter)],
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(EgressProgress))]
internal sealed partial class EgressProgressContext : JsonSerializerContext;
