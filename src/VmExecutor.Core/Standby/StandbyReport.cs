using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Standby;

/// <summary>The standby clones that are wanted and there. The last fill's is kept in <c>state_dir/standby.json</c>.</summary>
/// <param name="Read">When it was so.</param>
/// <param name="Lines">One for each size of each image that wants some.</param>
public sealed record StandbyReport(DateTimeOffset Read, IReadOnlyList<StandbyLine> Lines)
{
    /// <summary>Everything that fills have counted since the report's file was made, by series: a histogram of the time that making one takes, and failures.</summary>
    public SortedDictionary<string, double> Totals { get => field ??= new(StringComparer.Ordinal); init; }

    /// <summary>True: all that are wanted are there.</summary>
    [JsonIgnore]
    public bool IsFull => Lines.All(line => line.There >= line.Wanted);

    public string ToJson() => JsonSerializer.Serialize(this, StandbyReportContext.Default.StandbyReport);

    /// <summary>Null: damaged.</summary>
    public static StandbyReport? TryParse(string json) => RecordJson.TryParse(json, StandbyReportContext.Default.StandbyReport) is { } report
        ? report with { Totals = new SortedDictionary<string, double>(report.Totals, StringComparer.Ordinal) }
        : null;

    /// <summary>The line of the same image and size.</summary>
    public StandbyLine? LineOf(StandbyNeed need) => Lines.FirstOrDefault(line => line.Image == need.Image.Name.Value && line.Number == need.Number);
}

/// <summary>The standby clones of one size of an image.</summary>
/// <param name="Image">Its name.</param>
/// <param name="Number">0: the image's own size; else the size's number in <c>standby: sizes</c>, from 1.</param>
/// <param name="Size">Processors and memory, for people; null: not known.</param>
/// <param name="Wanted">How many are wanted.</param>
/// <param name="There">How many wait that a job would get.</param>
/// <param name="Why">The reason why there are fewer; null: nothing is known to be wrong.</param>
/// <param name="Seconds">The time that making the last one took; null: none was made.</param>
public sealed record StandbyLine(string Image, int Number, string? Size, int Wanted, int There, string? Why = null, double? Seconds = null)
{
    /// <summary>The last attempts, if they failed; null: the last one did not.</summary>
    public StandbyFailures? Failures { get; init; }

    /// <summary>For how long each of them has waited, the oldest first; only of a look at this moment.</summary>
    [JsonIgnore]
    public IReadOnlyList<TimeSpan> Waited { get; init; } = [];
}

[JsonSourceGenerationOptions(
    Converters = [typeof(RecordTimeSpanConverter), typeof(RecordDateConverter), typeof(RecordNumberConverter)],
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(StandbyReport))]
internal sealed partial class StandbyReportContext : JsonSerializerContext;
