using System.Globalization;
using System.Text.RegularExpressions;

namespace VmExecutor.Core.Guests;

/// <summary>Asks a guest, after a lost connection, what became of a run: a shell text for <c>sh</c>'s stdin.</summary>
public static partial class RunInquiry
{
    public static string Text(RunToken token) =>
        $$"""
        s= f=${TMPDIR:-/tmp}/vmx-{{token}}-status
        [ -r "$f" ] && read -r s <"$f"
        {{GuestBoot.Question}}
        echo "vmx-status:$s"
        """;

    /// <summary>The recorded status (a script's, or <see cref="ScriptWrapper.NotStored"/>); null when the run has recorded none.</summary>
    public static int? ParseStatus(string output) =>
        Answer().Match(output) is { Success: true } answer ? int.Parse(answer.Groups[1].Value, CultureInfo.InvariantCulture) : null;

    // The point is the proof that the line was written to its end.
    [GeneratedRegex(@"^vmx-status:([0-9]{1,3})\.$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Answer();
}
