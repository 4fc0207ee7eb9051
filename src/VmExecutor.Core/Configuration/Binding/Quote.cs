using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>Text of the administrator within our messages: on one line, of bounded length, without terminal control.</summary>
internal static class Quote
{
    private const int MaxLength = 80;

    public static string Text(string text) => $"'{Plain(text)}'";

    public static string Plain(string text) => PlainText.OneLine(text, MaxLength);

    /// <summary><c>a, b or c</c>.</summary>
    public static string AnyOf(IReadOnlyList<string> words) =>
        words.Count == 1 ? words[0] : $"{string.Join(", ", words.SkipLast(1))} or {words[^1]}";
}
