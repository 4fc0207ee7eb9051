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

    /// <summary>The command line that runs <paramref name="text"/>.</summary>
    /// <param name="token">Makes the marker one that no start-up file prints.</param>
    /// <param name="text">Visible in argument lists: no secrets.</param>
    public static string Line(RunToken token, string text) =>
        $"exec sh -c '{Begin(token.Value)} {(text.All(IsPlain) ? text : $"eval \"$(printf %b \"{Encode(text)}\")\"")}'";

    /// <summary>The text for the stdin of a POSIX shell that <see cref="ReadsInput"/> has started.</summary>
    public static string Input(RunToken token, string text) => $"{Begin(token.Value)}\n{text}";

    /// <summary>The command line of a shell that reads its text from stdin.</summary>
    public const string ReadsInput = "exec sh";

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
