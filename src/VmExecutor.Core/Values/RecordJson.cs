using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace VmExecutor.Core.Values;

/// <summary>
/// Reads the driver's own records, which a full disk, a power failure or a person may have damaged. A record that is read has nothing in it that the code behind does
/// not expect: no null in a list, and no time or number that cannot be added to another or written again.
/// </summary>
public static class RecordJson
{
    /// <summary>Null: it is no such record.</summary>
    public static T? TryParse<T>(string json, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return HasNullInList(json) ? null : JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>JSON's reader checks members for null, and not the elements of lists.</summary>
    private static bool HasNullInList(string json)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        var lists = new Stack<bool>();
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray or JsonTokenType.StartObject:
                    lists.Push(reader.TokenType == JsonTokenType.StartArray);
                    break;
                case JsonTokenType.EndArray or JsonTokenType.EndObject:
                    lists.Pop();
                    break;
                case JsonTokenType.Null when lists.TryPeek(out var isList) && isList:
                    return true;
            }
        }

        return false;
    }
}

/// <summary>The bounds of times in records and stamps: sums and differences of any two of them exist.</summary>
internal static class RecordTime
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(365_000);
    private static readonly DateTimeOffset Latest = new(9000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static bool IsUsable(TimeSpan time) => time >= -Longest && time <= Longest;

    public static bool IsUsable(DateTimeOffset time) => time <= Latest;
}

/// <summary>A duration within <see cref="RecordTime"/>'s bounds.</summary>
internal sealed class RecordTimeSpanConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && TimeSpan.TryParseExact(reader.GetString(), "c", null, out var time) && RecordTime.IsUsable(time)
            ? time
            : throw new JsonException("no duration of a record");

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString("c", null));
}

/// <summary>A time of day within <see cref="RecordTime"/>'s bounds.</summary>
internal sealed class RecordDateConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out var time) && RecordTime.IsUsable(time) ? time : throw new JsonException("no time of a record");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}

/// <summary>A number that can be added to others and written again: JSON has none without end, and .NET makes one of <c>1e999</c>.</summary>
internal sealed class RecordNumberConverter : JsonConverter<double>
{
    private const double Largest = 1e15;

    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var number) && Math.Abs(number) <= Largest ? number : throw new JsonException("no number of a record");

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
}
