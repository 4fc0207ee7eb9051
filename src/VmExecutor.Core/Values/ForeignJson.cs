using System.Text.Json;

namespace VmExecutor.Core.Values;

/// <summary>
/// Reads JSON that others have written: a guest, QEMU, a tool. JSON's own reader finds texts that are no Unicode (halves of surrogate pairs, <c>"\ud800"</c>) only when one of them
/// is asked for, by an exception of another kind.
/// </summary>
public static class ForeignJson
{
    /// <summary>The whole text; each name and text in it can be asked for.</summary>
    /// <exception cref="JsonException">It is no JSON, or has a text that is no Unicode.</exception>
    public static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        try
        {
            Decode(document.RootElement);
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("it has a text that is no Unicode", e);
        }

        return document.RootElement.Clone();
    }

    /// <summary>As deep as JSON's reader has gone before, which is 64 levels.</summary>
    private static void Decode(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    Decode(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    Decode(property.Value);
                }

                break;
        }
    }
}
