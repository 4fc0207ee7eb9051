using System.Globalization;
using System.Text.RegularExpressions;

namespace VmExecutor.Core.Guests;

/// <summary>Asks a guest, after a lost connection, how a run ended: a shell text for <c>sh</c>'s stdin.</summary>
public static partial class RunInquiry
{
    // A thousand years, in seconds.
    private const double LongestUptime = 3.2e10;

    /// <summary>The script may have ended just now: then its wrapper is about to say whether it still had its session.</summary>
    public static string Text(RunToken token) =>
        $$"""
        f=${TMPDIR:-/tmp}/vmx-{{token}}-status n=0
        while :; do
          s= w= u=
          [ ! -r "$f" ] || { read -r s; read -r w; } <"$f"
          [ -n "$s" ] && [ -z "$w" ] && [ $n -lt 50 ] || break
          n=$((n + 1))
          sleep 0.1 2>/dev/null || sleep 1
        done
        {{GuestBoot.Question}}
        { read -r u r </proc/uptime; } 2>/dev/null
        echo "vmx-status:$s $w $u"
        """;

    /// <summary>The outcome that the run has recorded; null: none.</summary>
    public static RunOutcome? Parse(string output)
    {
        if (Answer().Match(output) is not { Success: true } answer)
        {
            return null;
        }

        var ended = Uptime(answer.Groups["ended"]);
        var now = Uptime(answer.Groups["now"]);
        return new RunOutcome(
            int.Parse(answer.Groups["status"].ValueSpan, CultureInfo.InvariantCulture), answer.Groups["session"].Value == ScriptWrapper.SessionThere, now - ended);
    }

    /// <summary>Null: the guest has not said it, or says a time that no machine has been up.</summary>
    private static TimeSpan? Uptime(Group text) =>
        double.TryParse(text.ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds <= LongestUptime ? TimeSpan.FromSeconds(seconds) : null;

    // The point is the proof that the line was written to its end.
    [GeneratedRegex(@"^vmx-status:(?<status>[0-9]{1,3}) (?<ended>[0-9.]{0,20})\. (?<session>[a-z]*)\.? (?<now>[0-9.]{0,20})$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Answer();
}
