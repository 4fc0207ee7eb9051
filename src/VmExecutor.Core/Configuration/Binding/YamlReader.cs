using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>From the text of a file to its mapping, or to errors that say why it has none.</summary>
internal static class YamlReader
{
    private const string Advice = "indent keys of one level alike, and put a value with ': ' or ' #' in it in quotes";

    /// <summary>The file's mapping (empty for an empty file), or null when an error keeps it from being looked into.</summary>
    public static YamlMappingNode? Read(ConfigurationText source, ErrorList errors)
    {
        YamlGuard? guard = null;
        return Use(
            source,
            errors,
            "this cannot be a configuration of vm-executor",
            parser => (guard = new YamlGuard(parser, source.File, errors)).TryPass() ? Root(guard.Replay(), source, errors) : null,
            () => guard!.Reached);
    }

    /// <summary>Hands the text's parser on; what is not YAML becomes an error, and the answer null.</summary>
    /// <param name="source">The file.</param>
    /// <param name="errors">Takes the errors.</param>
    /// <param name="tooLarge">What to say of a file that is too large.</param>
    /// <param name="read">Reads what the parser gives.</param>
    /// <param name="reached">How far it has come.</param>
    public static T? Use<T>(ConfigurationText source, ErrorList errors, string tooLarge, Func<IParser, T?> read, Func<Mark> reached)
        where T : class
    {
        var text = source.Text.TrimStart('\ufeff');
        if (Encoding.UTF8.GetByteCount(text) > ConfigurationText.MaxBytes)
        {
            errors.Add(Position.StartOf(source.File), "", $"is larger than {ConfigurationText.MaxBytes >> 20} MiB; {tooLarge}");
            return null;
        }

        if (FindUnreadable(text) is { } found)
        {
            errors.Add(found.At(source), "", found.Problem);
            return null;
        }

        try
        {
            return read(new Parser(new StringReader(text)));
        }
        catch (YamlException exception)
        {
            var (position, problem) = Explain(exception, source with { Text = text });
            errors.Add(position, "", problem);
            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // Its scanner's answer to some broken texts, such as "{a:" or "!<>", found by generating texts; without a mark.
            errors.Add(Position.Of(source.File, reached()), "", $"is not valid YAML somewhere after this; {Advice}");
            return null;
        }
    }

    private static YamlMappingNode? Root(IParser parser, ConfigurationText source, ErrorList errors)
    {
        var stream = new YamlStream();
        stream.Load(parser);
        var root = stream.Documents.Count == 0 ? new YamlMappingNode() : stream.Documents[0].RootNode;
        switch (root)
        {
            case YamlMappingNode mapping:
                return mapping;
            case YamlScalarNode { Value: "" or "~" or "null", Style: ScalarStyle.Plain }:
                return new YamlMappingNode();
            default:
                errors.Add(Position.Of(source.File, root.Start), "", "the file holds no keys; write lines such as 'key: value'");
                return null;
        }
    }

    // YamlDotNet takes NUL for the end of the text, so that what follows it would be ignored without a word.
    private static Unreadable? FindUnreadable(string text)
    {
        var index = 0;
        while (index < text.Length && !IsForbidden(text[index]))
        {
            index++;
        }

        return index == text.Length
            ? null
            : new Unreadable(text, index, text[index] == '\ufffd'
                ? "is not UTF-8 text here; save the file as UTF-8"
                : $"has the control character {Quote.Text(text[index].ToString())}, which YAML does not allow; remove it");
    }

    private static bool IsForbidden(char c) => c == '\ufffd' || (char.IsControl(c) && c is not ('\t' or '\n' or '\r'));

    private static (Position Position, string Problem) Explain(YamlException exception, ConfigurationText source)
    {
        var reason = exception.Message.Replace("  ", " ", StringComparison.Ordinal).TrimEnd('.', ' ');
        if (reason.Contains("tab", StringComparison.Ordinal) && FindTab(source.Text) is { } tab)
        {
            // Its own mark is the start of the mapping, which may be far away.
            return (tab.At(source), "is indented by a tab; YAML allows only spaces there");
        }

        return (
            Position.Of(source.File, exception.Start),
            $"is not valid YAML: {char.ToLowerInvariant(reason[0])}{reason[1..]}; {Advice}");
    }

    private static Unreadable? FindTab(string text)
    {
        var start = 0;
        foreach (var line in text.Split('\n'))
        {
            var indentation = line.Length - line.TrimStart(' ', '\t').Length;
            var tab = line.IndexOf('\t', StringComparison.Ordinal);
            if (tab >= 0 && tab < indentation && indentation < line.TrimEnd().Length)
            {
                return new Unreadable(text, start + tab, "");
            }

            start += line.Length + 1;
        }

        return null;
    }

    private sealed record Unreadable(string Text, int Index, string Problem)
    {
        public Position At(ConfigurationText source)
        {
            var before = Text.AsSpan(0, Index);
            return new Position(source.File, before.Count('\n') + 1, Index - before.LastIndexOf('\n'));
        }
    }
}
