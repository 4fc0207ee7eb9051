namespace VmExecutor.Core.Health.Runner;

/// <summary>
/// Measures what makes a TOML text too large to be parsed: its depth, by brackets, braces and dotted keys, and its size in parts. The parser, and code that goes through its result, goes down
/// level by level, and the stack has an end; and it takes memory for each part, a line feed too.
/// </summary>
internal static class TomlLimits
{
    /// <summary>config.toml has six.</summary>
    private const int Most = 64;

    // The parser takes a quarter of a kilobyte of memory for a line feed, and 13 times as much for a key with its value, or for a line that is neither (seen with Tomlyn).
    // A thousand runners have a third of the most.
    private const int Key = 13;
    private const int Bracket = 5;
    private const int Dot = 4;
    private const int Comma = 3;
    private const int Odd = 8;
    private const int MostParts = 500_000;

    /// <summary>The error with its line; null: the text may be parsed.</summary>
    public static string? Problem(string text)
    {
        if (OddControl(text) is { } control)
        {
            return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"line {text.AsSpan(0, control).Count('\n') + 1}: it has a control character, which TOML does not allow");
        }

        var (depth, dots, line, parts, before) = (0, 0, 1, 0, 0);
        var isBare = false;
        for (var place = 0; place < text.Length; place++)
        {
            switch (text[place])
            {
                case '#':
                    place = EndOfLine(text, place) - 1;
                    break;
                case '"' or '\'':
                    var end = EndOfString(text, place);
                    line += text.AsSpan(place, end - place).Count('\n');
                    place = end - 1;
                    break;
                case '[' or '{':
                    depth++;
                    parts += Bracket;
                    dots = 0;
                    break;
                case ']' or '}':
                    depth--;
                    dots = 0;
                    break;
                case '.':
                    dots++;
                    parts += Dot;
                    break;
                case '\n':
                    line++;
                    parts += isBare && parts == before ? Key : 1;
                    (dots, before, isBare) = (0, parts, false);
                    break;
                case '=':
                    parts += Key;
                    dots = 0;
                    break;
                case ',':
                    parts += Comma;
                    dots = 0;
                    break;
                case ' ' or '\t' or '\r':
                    break;
                default:
                    isBare = true;
                    parts += char.IsAsciiLetterOrDigit(text[place]) || text[place] is '_' or '-' or '+' or ':' ? 0 : Odd;
                    break;
            }

            if (parts > MostParts)
            {
                return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"line {line}: up to here it has more keys, values and lines than a thousand runners");
            }

            if (depth + dots > Most)
            {
                return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"line {line}: it is nested deeper than {Most} levels; no key of GitLab Runner needs that");
            }
        }

        return null;
    }

    /// <summary>The place of a control character that is no tab and no end of a line; null: there is none.</summary>
    private static int? OddControl(string text)
    {
        for (var place = 0; place < text.Length; place++)
        {
            if (char.IsControl(text[place]) && text[place] is not ('\t' or '\n') && !(text[place] == '\r' && place + 1 < text.Length && text[place + 1] == '\n'))
            {
                return place;
            }
        }

        return null;
    }

    private static int EndOfLine(string text, int from) => text.IndexOf('\n', from) is var end and >= 0 ? end : text.Length;

    /// <summary>Behind a string that begins there; one that is not closed ends with its line, or with the text.</summary>
    private static int EndOfString(string text, int from)
    {
        var quote = text[from];
        var isLong = from + 2 < text.Length && text[from + 1] == quote && text[from + 2] == quote;
        for (var place = from + (isLong ? 3 : 1); place < text.Length; place++)
        {
            if (text[place] == '\\' && quote == '"')
            {
                place++;
            }
            else if (text[place] == '\n' && !isLong)
            {
                return place;
            }
            else if (text[place] == quote && (!isLong || text.AsSpan(place).StartsWith([quote, quote, quote])))
            {
                return place + (isLong ? 3 : 1);
            }
        }

        return text.Length;
    }
}
