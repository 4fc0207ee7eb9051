using System.Text.Json;
using System.Text.Json.Serialization;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Capacity;

/// <summary>The order that a host takes no more jobs, kept in <c>state_dir/drained.json</c> until it is taken back. It holds across a restart of the host.</summary>
/// <param name="Since">When it was given; null: a file is there that cannot be read, and counts as an order.</param>
/// <param name="By">Who has given it.</param>
/// <param name="Reason">In the administrator's words; null: none was given.</param>
public sealed record DrainRecord(DateTimeOffset? Since, string? By, string? Reason)
{
    /// <summary><c>since 2026-11-28 06:55 UTC by root (new kernel)</c>.</summary>
    public string Words => string.Concat(
        Since is { } since ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"since {since.ToUniversalTime():yyyy-MM-dd HH:mm} UTC") : "since an unknown time",
        By is { } by ? $" by {PlainText.OneLine(by, 100)}" : "",
        Reason is { } reason ? $" ({PlainText.OneLine(reason, 200)})" : "");

    public string ToJson() => JsonSerializer.Serialize(this, DrainRecordContext.Default.DrainRecord);

    /// <summary>Reads the order; a file that is damaged is an order all the same.</summary>
    public static DrainRecord Parse(string json) => RecordJson.TryParse(json, DrainRecordContext.Default.DrainRecord) ?? new DrainRecord(null, null, null);
}

[JsonSourceGenerationOptions(
    Converters = [typeof(RecordTimeSpanConverter), typeof(RecordDateConverter), typeof(RecordNumberConverter)],
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(DrainRecord))]
internal sealed partial class DrainRecordContext : JsonSerializerContext;
