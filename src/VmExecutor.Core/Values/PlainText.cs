using System.Globalization;
using System.Text;

namespace VmExecutor.Core.Values;

/// <summary>
/// Makes others' text safe for the driver's messages: nothing in it steers a terminal, is invisible, or turns the line around.
/// </summary>
public static class PlainText
{
    /// <summary>On one line, at most <paramref name="longest"/> characters and an ellipsis; what cannot be seen is written as <c>\u001b</c>.</summary>
    public static string OneLine(string text, int longest)
    {
        var line = new StringBuilder();
        var count = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (count++ == longest)
            {
                return line.Append('…').ToString();
            }

            Append(line, rune);
        }

        return line.ToString();
    }

    /// <summary>As many lines as it has, tabs left as they are.</summary>
    public static string Lines(string text)
    {
        var lines = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '\n' or '\t')
            {
                lines.Append((char)rune.Value);
            }
            else
            {
                Append(lines, rune);
            }
        }

        return lines.ToString();
    }

    private static void Append(StringBuilder text, Rune rune)
    {
        if (IsInvisible(rune))
        {
            text.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
        }
        else
        {
            text.Append(rune.ToString());
        }
    }

    // Also what gets into a file by copying from a web page: spaces of no width or that do not break.
    private static bool IsInvisible(Rune rune) => rune.Value != ' ' && Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
