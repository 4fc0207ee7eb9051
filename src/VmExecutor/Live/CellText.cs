using System.Text;
using Spectre.Console;

namespace VmExecutor.Live;

/// <summary>Text in the columns of a terminal, of which letters of some scripts take two each.</summary>
internal static class CellText
{
    /// <summary>The text, or its beginning and an ellipsis: at most so many columns.</summary>
    public static string Cut(string text, int columns)
    {
        if (text.GetCellWidth() <= columns)
        {
            return text;
        }

        var kept = 0;
        var width = 1; // of the ellipsis
        foreach (var rune in text.EnumerateRunes())
        {
            width += rune.ToString().GetCellWidth();
            if (width > columns)
            {
                break;
            }

            kept += rune.Utf16SequenceLength;
        }

        return columns < 1 ? "" : $"{text[..kept]}…";
    }

    /// <summary>The text in lines of at most so many columns, broken at spaces; a word that is wider than a line is cut. Spaces at its beginning are before each line.</summary>
    public static IReadOnlyList<string> Wrap(string text, int columns)
    {
        var words = text.TrimStart(' ');
        var indent = Math.Min(text.Length - words.Length, Math.Max(0, columns - 1));
        return [.. Break(words, columns - indent).Select(line => new string(' ', indent) + line)];
    }

    /// <summary>The text and spaces, in so many columns.</summary>
    public static string Pad(string text, int columns, bool isRight) => new string(' ', Math.Max(0, columns - text.GetCellWidth())) is var space && isRight ? space + text : text + space;

    private static IReadOnlyList<string> Break(string text, int columns)
    {
        var lines = new List<string>();
        var line = new StringBuilder();
        var width = 0;
        foreach (var word in text.Split(' ').Select(word => Cut(word, columns)))
        {
            if (lines.Count + line.Length > 0 && width + 1 + word.GetCellWidth() > columns)
            {
                lines.Add(line.ToString());
                line.Clear();
                width = 0;
            }
            else if (line.Length > 0)
            {
                line.Append(' ');
                width++;
            }

            line.Append(word);
            width += word.GetCellWidth();
        }

        return [.. lines, line.ToString()];
    }
}
