using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using VmExecutor.Core.Configuration.Options;

namespace VmExecutor.Core.Tests.Configuration.Reference;

/// <summary>The JSON schema (draft 7, which all editors know) of a table of keys.</summary>
internal static class JsonSchema
{
    // Nothing in the schemas ends up in HTML, so that quotes may stay readable.
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(Section root, string title)
    {
        var schema = new JsonObject { ["$schema"] = "http://json-schema.org/draft-07/schema#", ["title"] = title };
        Fill(schema, root, isRoot: true);
        return schema.ToJsonString(Readable) + "\n";
    }

    private static void Fill(JsonObject schema, Section section, bool isRoot)
    {
        schema["type"] = "object";
        schema["additionalProperties"] = false;
        schema["properties"] = new JsonObject(section.Keys.Select(key => KeyValuePair.Create(key.Name, (JsonNode?)Property(key))));

        // What a section of an image lacks may stand in the defaults, so that only the image itself has required keys and needs neighbours.
        if (isRoot && section.Keys.Where(key => key is { Required: true, OnlyWith: null }).ToList() is { Count: > 0 } required)
        {
            schema["required"] = Names(required);
        }

        if (isRoot && section.Keys.Where(key => key.OnlyWith is { Values.Count: 0 }).ToList() is { Count: > 0 } dependent)
        {
            schema["dependencies"] = new JsonObject(dependent.Select(key => KeyValuePair.Create(key.Name, (JsonNode?)new JsonArray(key.OnlyWith!.Key))));
        }

        var conditions = section.Keys.Where(key => key.OnlyWith is { Values.Count: > 0 })
            .GroupBy(key => key.OnlyWith!.Written).SelectMany(group => Conditions(section, [.. group], isRoot)).ToArray();
        if (conditions.Length > 0)
        {
            schema["allOf"] = new JsonArray(conditions);
        }
    }

    private static IEnumerable<JsonNode> Conditions(Section section, List<Key> group, bool isRoot)
    {
        var condition = group[0].OnlyWith!;
        var words = ((EditorCheck.Words)((ScalarKind)section.Find(condition.Key)!.Kind).Editor).Allowed;
        yield return When(condition.Key, words.Except(condition.Values), new JsonObject
        {
            ["properties"] = new JsonObject(group.Select(key => KeyValuePair.Create(key.Name, (JsonNode?)false))),
        });
        if (isRoot && group.Where(key => key.Required).ToList() is { Count: > 0 } required)
        {
            yield return When(condition.Key, condition.Values, new JsonObject { ["required"] = Names(required) });
        }
    }

    private static JsonObject When(string key, IEnumerable<string> words, JsonObject then) => new()
    {
        ["if"] = new JsonObject
        {
            ["properties"] = new JsonObject { [key] = new JsonObject { ["enum"] = Array(words) } },
            ["required"] = new JsonArray(key),
        },
        ["then"] = then,
    };

    private static JsonObject Property(Key key)
    {
        var schema = new JsonObject { ["description"] = key.Otherwise is null ? key.Doc : $"{key.Doc} Without it: {key.Otherwise.Replace("`", "", StringComparison.Ordinal)}." };
        if (key.Kind is Section inner)
        {
            Fill(schema, inner, isRoot: false);
            return schema;
        }

        if (key.Default is not null)
        {
            schema["default"] = Literal(key.Kind, key.Default);
        }

        if (key.Kind is ListOfKind { Item: var mapping })
        {
            var one = new JsonObject();
            Fill(one, mapping, isRoot: false);
            one["minProperties"] = 1;
            schema["type"] = "array";
            schema["minItems"] = 1;
            schema["items"] = one;
            return schema;
        }

        schema["examples"] = new JsonArray(Literal(key.Kind, key.Example));
        if (key.Kind is OneOrMoreKind { Item: var item })
        {
            var list = new JsonObject { ["type"] = "array", ["minItems"] = 1, ["items"] = Value(item.Editor) };
            schema["oneOf"] = new JsonArray(Value(item.Editor), list);
            return schema;
        }

        foreach (var (name, node) in Value(((ScalarKind)key.Kind).Editor).ToList())
        {
            schema[name] = node?.DeepClone();
        }

        return schema;
    }

    private static JsonObject Value(EditorCheck check) => check switch
    {
        EditorCheck.Words words => new JsonObject { ["enum"] = Array(words.Allowed) },
        EditorCheck.TrueOrFalse => new JsonObject { ["type"] = "boolean" },
        EditorCheck.WholeNumber number => new JsonObject { ["type"] = "integer", ["minimum"] = number.Min, ["maximum"] = number.Max },
        EditorCheck.Pattern pattern => new JsonObject { ["type"] = "string", ["pattern"] = pattern.Expression },
        EditorCheck.OrAuto either => new JsonObject { ["oneOf"] = new JsonArray(Value(either.Other), new JsonObject { ["const"] = Kinds.Auto }) },
        _ => throw new InvalidOperationException($"no schema for {check}"),
    };

    private static JsonNode Literal(ValueKind kind, string text) =>
        kind is ScalarKind { Editor: EditorCheck.WholeNumber or EditorCheck.TrueOrFalse or EditorCheck.OrAuto { Other: EditorCheck.WholeNumber } }
            ? JsonNode.Parse(text)!
            : JsonValue.Create(text);

    private static JsonArray Names(IEnumerable<Key> keys) => Array(keys.Select(key => key.Name));

    private static JsonArray Array(IEnumerable<string> words) => new([.. words.Select(word => JsonValue.Create(word))]);
}
