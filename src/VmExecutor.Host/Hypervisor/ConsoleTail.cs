using System.Globalization;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Hypervisor;

/// <summary>The last lines of a guest's console, for messages: printable text only.</summary>
public static class ConsoleTail
{
    private const int Bytes = 16 * 1024;
    private const int Lines = 15;

    /// <summary>Empty when there is no console log or it cannot be read.</summary>
    public static IReadOnlyList<string> Read(AbsolutePath console)
    {
        try
        {
            string[] lines = [.. BoundedText.ReadEndOf(console.Value, Bytes).Split('\n').Select(Printable).Where(line => line.Length > 0)];

            // A panic says why first, and then, in more lines than these, where.
            var why = lines.SkipLast(Lines).LastOrDefault(line => line.Contains("Kernel panic - ", StringComparison.Ordinal));
            return [.. why is null ? [] : (string[])[why, "…"], .. lines.TakeLast(Lines)];
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return [];
        }
    }

    private static string Printable(string line) =>
        new string([.. line.Where(c => c == '\t' || !Steers(c))]).TrimEnd();

    /// <summary>Moves a terminal's cursor, hides text, or turns its direction around.</summary>
    internal static bool Steers(char c) => char.GetUnicodeCategory(c)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
