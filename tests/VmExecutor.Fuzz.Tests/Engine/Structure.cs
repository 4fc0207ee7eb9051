using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using System.Xml.Linq;

namespace VmExecutor.Fuzz.Tests.Engine;

/// <summary>Changes an input by its structure: a member of JSON, an element of XML, a line of text. An input without the structure stays as it is.</summary>
internal static class Structure
{
    private const int LongestToParse = 1 << 16;

    public static byte[] Change(Grammar grammar, byte[] input, Random random, Func<Random, string> word) => grammar switch
    {
        _ when input.Length > LongestToParse => input,
        Grammar.Json => OfJson(input, random, word),
        Grammar.Xml => OfXml(input, random, word),
        Grammar.Bytes => input,
        _ => OfLines(input, random, word),
    };

    private static byte[] OfJson(byte[] input, Random random, Func<Random, string> word)
    {
        try
        {
            var root = JsonNode.Parse(input);
            var all = Nodes(root).ToList();
            if (all.Count == 0)
            {
                return input;
            }

            var other = all[random.Next(all.Count)]?.DeepClone();
            switch (all[random.Next(all.Count)])
            {
                case JsonObject { Count: > 0 } map:
                    var key = map.ElementAt(random.Next(map.Count)).Key;
                    ChangeMember(map, key, random, word, other);
                    break;
                case JsonArray { Count: > 0 } list:
                    list[random.Next(list.Count)] = random.Next(2) == 0 ? other : Scalar(random, word);
                    break;
                case JsonArray list:
                    list.Add(other);
                    break;
            }

            return Encoding.UTF8.GetBytes(root?.ToJsonString() ?? "null");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return input;
        }
    }

    private static void ChangeMember(JsonObject map, string key, Random random, Func<Random, string> word, JsonNode? other)
    {
        switch (random.Next(5))
        {
            case 0:
                map.Remove(key);
                break;
            case 1:
                map[key] = other;
                break;
            case 2:
                var value = map[key]?.DeepClone();
                map.Remove(key);
                map[word(random)] = value;
                break;
            case 3:
                map[key] = new JsonArray(map[key]?.DeepClone(), Scalar(random, word), null);
                break;
            default:
                map[key] = Scalar(random, word);
                break;
        }
    }

    private static JsonNode? Scalar(Random random, Func<Random, string> word) => random.Next(6) switch
    {
        0 => null,
        1 => random.Next(2) == 0,
        2 => random.NextInt64(long.MinValue, long.MaxValue),
        3 => random.NextDouble() * Math.Pow(10, random.Next(-300, 300)),
        _ => word(random),
    };

    private static IEnumerable<JsonNode?> Nodes(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(member => Nodes(member.Value)).Prepend(node),
        JsonArray list => list.SelectMany(Nodes).Prepend(node),
        _ => [node],
    };

    private static byte[] OfXml(byte[] input, Random random, Func<Random, string> word)
    {
        try
        {
            var root = XElement.Parse(Encoding.UTF8.GetString(input));
            var all = root.DescendantsAndSelf().ToList();
            var (one, other) = (all[random.Next(all.Count)], all[random.Next(all.Count)]);
            switch (random.Next(7))
            {
                case 0 when one.Parent is not null:
                    one.Remove();
                    break;
                case 1:
                    one.Add(new XElement(other));
                    break;
                case 2:
                    one.SetAttributeValue(Name(other, random), word(random));
                    break;
                case 3 when !one.HasElements:
                    one.Value = word(random);
                    break;
                case 4:
                    one.Name = other.Name;
                    break;
                case 5 when one.Parent is not null && one != other:
                    one.ReplaceWith(new XElement(other));
                    break;
                default:
                    one.Attributes().Skip(random.Next(3)).FirstOrDefault()?.Remove();
                    break;
            }

            return Encoding.UTF8.GetBytes(root.ToString(SaveOptions.DisableFormatting));
        }
        catch (Exception e) when (e is XmlException or ArgumentException or InvalidOperationException)
        {
            return input;
        }
    }

    private static XName Name(XElement other, Random random) => other.Attributes().Where(attribute => !attribute.IsNamespaceDeclaration).Skip(random.Next(2)).FirstOrDefault()?.Name ?? "type";

    private static byte[] OfLines(byte[] input, Random random, Func<Random, string> word)
    {
        var lines = Encoding.UTF8.GetString(input).Split('\n').ToList();
        var at = random.Next(lines.Count);
        var other = lines[random.Next(lines.Count)];
        switch (random.Next(6))
        {
            case 0:
                lines.RemoveAt(at);
                break;
            case 1:
                lines.Insert(at, other);
                break;
            case 2:
                lines[at] = new string(' ', random.Next(1, 9)) + lines[at].TrimStart();
                break;
            case 3:
                lines[at] = AfterMark(lines[at], word(random));
                break;
            case 4:
                lines[at] += other.TrimStart();
                break;
            default:
                lines[at] = AfterMark(lines[at], other.TrimStart());
                break;
        }

        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    /// <summary>The line with another value behind its key.</summary>
    private static string AfterMark(string line, string value)
    {
        var mark = line.IndexOfAny([':', '=', ' '], Math.Max(0, line.Length - line.TrimStart().Length));
        return mark < 0 ? value : $"{line[..(mark + 1)]} {value}";
    }
}
