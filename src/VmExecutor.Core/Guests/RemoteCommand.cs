using System.Text;

namespace VmExecutor.Core.Guests;

/// <summary>
/// A POSIX shell text as the one line that sshd hands to an account's login shell. Any login shell (bash, dash, busybox, zsh, mksh, csh, tcsh,
/// fish) reads the line the same way: it starts <c>sh</c> with one word in single quotes, and nothing in that word means something to any of
/// them. csh reads <c>!</c> and newlines also between single quotes, fish reads <c>\\</c> and <c>\'</c>. So a text that has such
/// characters travels as octal numbers of <c>printf %b</c>.
/// <para>The line first prints a marker on both streams, since the login shell's start-up files may have printed something before.</para>
/// </summary>
public static class RemoteCommand
{
    /// <summary>Follows NUL and stands before the token.</summary>
    internal const string BeginWord = "vmx-begin:";

    private const string OurArgument = "vmx";
    private const string OtherCommand = "vmx-other-command";

    /// <summary>The command line that runs <paramref name="text"/>.</summary>
    /// <param name="token">Makes the marker one that no start-up file prints.</param>
    /// <param name="text">Visible in argument lists: no secrets.</param>
    public static string Line(RunToken token, string text) =>
        $"exec sh -c '{Begin(token.Value)} {(text.All(IsPlain) ? text : $"eval \"$(printf %b \"{Encode(text)}\")\"")}'";

    /// <summary>
    /// The text for the stdin of a POSIX shell that <see cref="ReadsInput"/> has started. A shell that a <c>ForceCommand</c> has started in
    /// its place would read it too, but would also run a script without its wrapper: it is told by the argument that it lacks.
    /// </summary>
    public static string Input(RunToken token, string text) =>
        $"[ \"$1\" = {OurArgument} ] || {{ echo {OtherCommand}; exit 1; }}; shift\n{Begin(token.Value)}\n{text}";

    /// <summary>The command line of a shell that reads its text from stdin.</summary>
    public const string ReadsInput = $"exec sh -s {OurArgument}";

    /// <summary>True when the answer to <see cref="Input"/> is that of a shell which <see cref="ReadsInput"/> has not started.</summary>
    internal static bool SaysOtherCommand(string answer) => answer.Split('\n').Any(line => line.TrimEnd('\r') == OtherCommand);

    /// <summary>True when an answer has a text of the driver's in it.</summary>
    internal static bool IsRepeated(string answer) => answer.Contains($"\\000{BeginWord}", StringComparison.Ordinal);

    /// <summary>Prints the marker on both streams.</summary>
    /// <param name="token">The token, or a shell word that stands for it.</param>
    internal static string Begin(string token) => $"""printf "\000{BeginWord}%s\n" {token}; printf "\000{BeginWord}%s\n" {token} >&2;""";

    /// <summary>Prints the marker and, up to a NUL, a fact that the host needs of the guest.</summary>
    /// <param name="token">The token, or a shell word that stands for it.</param>
    /// <param name="fact">A shell word.</param>
    internal static string Begin(string token, string fact) =>
        $"""printf "\000{BeginWord}%s\n%s\000" {token} {fact}; printf "\000{BeginWord}%s\n%s\000" {token} {fact} >&2;""";

    private static bool IsPlain(char c) => c is >= ' ' and <= '~' and not ('\'' or '!' or '\\');

    private static string Encode(string text)
    {
        var encoded = new StringBuilder(text.Length * 2);
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            var c = (char)value;
            if (IsPlain(c) && c is not ('"' or '$' or '`'))
            {
                encoded.Append(c);
            }
            else
            {
                encoded.Append("\\0").Append(Convert.ToString(value, 8).PadLeft(3, '0'));
            }
        }

        return encoded.ToString();
    }
}
