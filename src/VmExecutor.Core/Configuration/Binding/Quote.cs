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
            line.Append(Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029
                ? string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}")
                : rune.ToString());
        }

        return text.EnumerateRunes().Skip(MaxLength).Any() ? line.Append('…').ToString() : line.ToString();
    }

    /// <summary><c>a, b or c</c>.</summary>
    public static string AnyOf(IReadOnlyList<string> words) =>
        words.Count == 1 ? words[0] : $"{string.Join(", ", words.SkipLast(1))} or {words[^1]}";
}
