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
}
