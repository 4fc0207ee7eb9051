using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;

namespace VmExecutor.Trials;

/// <summary>The script of a trial as the command line gives it.</summary>
/// <param name="Text">A file's text; null: it is the words.</param>
/// <param name="Words">One is a line of the image's shell, several are a command with its arguments; none: the default.</param>
internal sealed record GivenScript(string? Text, IReadOnlyList<string> Words)
{
    private const string Default = "uname -a";

    /// <summary>The script's text for this shell.</summary>
    public string For(GuestShell shell) => Text ?? (Words.Count == 0 ? Default : ShellText.Line(shell, Words));
}
