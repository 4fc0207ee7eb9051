namespace VmExecutor.Core.Guests;

/// <summary>Text for POSIX shells.</summary>
public static class ShellText
{
    /// <summary>One word, whatever it contains: in single quotes, each quote of its own as <c>'\''</c>.</summary>
    public static string Quote(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
