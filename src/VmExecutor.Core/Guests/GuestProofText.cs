using System.Text.RegularExpressions;

namespace VmExecutor.Core.Guests;

/// <summary>
/// The shell texts, for <c>sh</c>'s stdin, that leave a clone's token in its guest and ask for it. The token is in the account's home, which outlives a
/// reboot, and in its temporary directory. No program is started but the shell.
/// </summary>
public static partial class GuestProofText
{
    private const string FileName = ".vmx-clone";

    private const string Question =
        $$"""
        for f in "$HOME/{{FileName}}" "${TMPDIR:-/tmp}/{{FileName}}"; do
          t=
          [ ! -r "$f" ] || read -r t <"$f"
          [ -z "$t" ] || echo "vmx-clone:$t"
        done
        {{GuestBoot.Question}}

        """;

    // Linux has them in files. ifconfig of the BSDs tells them by these three words.
    private const string Cards =
        """
        c=
        for f in /sys/class/net/*/address; do
          m=
          { read -r m <"$f"; } 2>/dev/null
          [ -z "$m" ] || { echo "vmx-card:$m"; c="$c $m"; }
        done
        [ -n "$c" ] || for m in $(ifconfig -a 2>/dev/null | sed -n -e 's/^.*ether \([0-9a-f:]*\).*$/\1/p' -e 's/^.*lladdr \([0-9a-f:]*\).*$/\1/p' -e 's/^.*address: \([0-9a-f:]*\).*$/\1/p'); do
          echo "vmx-card:$m"; c="$c $m"
        done

        """;

    private const string End = "echo vmx-proof:end\n";

    /// <summary>Asks for token, boot and network cards.</summary>
    public static string Ask(GuestProof proof) => $"{(proof.Card is null ? "" : Cards)}{Question}{End}";

    /// <summary>Leaves the token in the guest, unless the guest's network cards say that it is another's.</summary>
    public static string Claim(GuestProof proof) =>
        proof.Card is { } card
            ? $"{Cards}case \"$c \" in *' {card.ToLowerInvariant()} '*)\n{Place(proof, "$HOME")};;\nesac\n{End}"
            : Place(proof, "$HOME") + End;

    /// <summary>Leaves the token in the guest.</summary>
    /// <param name="proof">The proof of the clone.</param>
    /// <param name="home">The account's home, as a shell word without quotes.</param>
    internal static string Place(GuestProof proof, string home) =>
        $$"""
        for d in {{home}} "${TMPDIR:-/tmp}"; do
          [ ! -w "$d" ] || { [ ! -e "$d/{{FileName}}" ] || rm -f "$d/{{FileName}}"; echo {{proof.Token}} >"$d/{{FileName}}"; } 2>/dev/null
        done

        """;

    /// <summary>The facts that the guest told; null: the text did not run to its end.</summary>
    internal static GuestProofAnswer? Parse(string answer)
    {
        var lines = answer.Split('\n');
        return lines.Contains("vmx-proof:end")
            ? new GuestProofAnswer(
                [.. lines.Select(line => Token().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value)],
                [.. lines.Select(line => Card().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value)],
                GuestBoot.ParseId(answer))
            : null;
    }

    [GeneratedRegex("^vmx-clone:(.{1,64})$", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    [GeneratedRegex("^vmx-card:([0-9a-fA-F:]{11,64})$", RegexOptions.CultureInvariant)]
    private static partial Regex Card();
}

/// <summary>The facts that a guest told of itself.</summary>
/// <param name="Tokens">Of clones, as far as it has any.</param>
/// <param name="Cards">MAC addresses; empty: not told.</param>
/// <param name="BootId">Null: not told.</param>
internal sealed record GuestProofAnswer(IReadOnlyList<string> Tokens, IReadOnlyList<string> Cards, string? BootId);
