using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Guests;

/// <summary>Writes text for POSIX shells, and for whichever shell an image has.</summary>
public static class ShellText
{
    /// <summary>One word is a shell line, as with <c>sh -c</c>; several are a command with its arguments.</summary>
    public static string Line(IReadOnlyList<string> words) => words is [var line] ? line : string.Join(' ', words.Select(Quote));

    /// <inheritdoc cref="Line(IReadOnlyList{string})"/>
    public static string Line(GuestShell shell, IReadOnlyList<string> words) =>
        shell == GuestShell.Pwsh && words.Count > 1 ? $"& {string.Join(' ', words.Select(PowerShellText.Quote))}" : Line(words);

    /// <summary>Commands one after the other, of which each ends the script if it fails.</summary>
    public static string Lines(GuestShell shell, IEnumerable<string> commands) =>
        string.Concat(commands.Select(command => shell == GuestShell.Pwsh ? $"{command}\n{PowerShellText.Check}\n" : $"{command}\n"));

    /// <summary>One word, whatever it contains: in single quotes, each quote of its own as <c>'\''</c>.</summary>
    public static string Quote(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>One word of the image's shell, whatever it contains.</summary>
    public static string Quote(GuestShell shell, string word) => shell == GuestShell.Pwsh ? PowerShellText.Quote(word) : Quote(word);

    /// <summary>Sets a variable for the programs that the script starts.</summary>
    public static string Export(GuestShell shell, string name, string value) =>
        shell == GuestShell.Pwsh ? $"$env:{name}={PowerShellText.Quote(value)}" : $"export {name}={Quote(value)}";
}
