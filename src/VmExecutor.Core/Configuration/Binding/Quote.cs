using System.Globalization;
using System.Text;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>Text of the administrator within our messages: on one line, of bounded length, without terminal control.</summary>
internal static class Quote
{
    private const int MaxLength = 80;

    public static string Text(string text) => $"'{Plain(text)}'";

    public static string Plain(string text)
    {
        var line = new StringBuilder();
        foreach (var rune in text.EnumerateRunes().Take(MaxLength))
        {
            line.Append(IsInvisible(rune)
                ? string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}")
                : rune.ToString());
        }

        return text.EnumerateRunes().Skip(MaxLength).Any() ? line.Append('…').ToString() : line.ToString();
    }

    // Also what gets into a file by copying from a web page: spaces of no width or that do not break.
    private static bool IsInvisible(Rune rune) => rune.Value != ' ' && Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    /// <summary><c>a, b or c</c>.</summary>
    public static string AnyOf(IReadOnlyList<string> words) =>
        words.Count == 1 ? words[0] : $"{string.Join(", ", words.SkipLast(1))} or {words[^1]}";
}
