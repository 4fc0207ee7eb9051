namespace VmExecutor.Core.Guests;

/// <summary>Writes text for POSIX shells.</summary>
public static class ShellText
{
    /// <summary>One word is a shell line, as with <c>sh -c</c>; several are a command with its arguments.</summary>
    public static string Line(IReadOnlyList<string> words) => words is [var line] ? line : string.Join(' ', words.Select(Quote));

    /// <summary>One word, whatever it contains: in single quotes, each quote of its own as <c>'\''</c>.</summary>
    public static string Quote(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
