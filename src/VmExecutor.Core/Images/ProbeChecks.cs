using System.Globalization;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Images;

/// <summary>The questions that a clone of a new generation is asked before jobs get it. It has booted and run a shell by then.</summary>
public static class ProbeChecks
{
    /// <summary>Shell text for any POSIX sh.</summary>
    public const string Text =
        GuestClock.Question
        + """

        echo "vmx-git:$(git --version 2>/dev/null)"
        if gitlab-runner --version >/dev/null 2>&1; then echo vmx-runner:yes; else echo vmx-runner:no; fi
        if command -v step-runner >/dev/null 2>&1; then echo vmx-steps:yes; else echo vmx-steps:no; fi
        df -Pk / 2>/dev/null | awk 'NR == 2 { print "vmx-free:" $4 }'
        b=$(awk '$1 == "btime" { print $2 }' /proc/stat 2>/dev/null)
        for f in /etc/ssh/ssh_host_*_key.pub; do
          m=$(stat -c %Y "$f" 2>/dev/null) && [ -n "$b" ] && [ "$m" -lt "$b" ] && read -r t k c <"$f" && echo "vmx-old-key:$t $k"
        done
        true
        """;

    /// <summary>The troubles, one sentence each; empty: the generation is good.</summary>
    /// <param name="output">The output of the text.</param>
    /// <param name="now">The host's clock when it did.</param>
    /// <param name="minFreeDisk">What must be free on the guest's root file system.</param>
    public static IReadOnlyList<string> Problems(string output, DateTimeOffset now, ByteSize minFreeDisk)
    {
        var problems = new List<string>();
        if (GuestClock.Read(output) is not { } clock)
        {
            problems.Add("the guest does not tell the time (date +%s)");
        }
        else if (GuestClock.Off(output, now, now) is var off && off.Duration() > GuestClock.Tolerance)
        {
            problems.Add(string.Create(
                CultureInfo.InvariantCulture, $"the guest's clock is {GuestClock.Words(off)} (it says {clock:u}), and it could not be set. {GuestClock.Fix(off)}"));
        }

        if (Line(output, "vmx-git:") is not { Length: > 0 })
        {
            problems.Add("there is no git in the guest, which every job needs to fetch its sources");
        }

        if (Number(output, "vmx-free:") is not { } kibibytes)
        {
            problems.Add("the guest does not tell how much disk is free (df -Pk /)");
        }
        else if (kibibytes < minFreeDisk.Bytes / 1024)
        {
            problems.Add(string.Create(
                CultureInfo.InvariantCulture, $"only {kibibytes / 1024} MiB are free on the guest's root file system, and publish.min_free_disk is {minFreeDisk}"));
        }

        return problems;
    }

    /// <summary>
    /// True when the keys that the guest has shown were in its files before it booted, so that every clone shows them. False: they may be
    /// made anew at each boot, or are kept elsewhere, which only another boot shows.
    /// </summary>
    /// <param name="output">The output of the text.</param>
    /// <param name="shown">What ssh has met, as in known_hosts.</param>
    public static bool AreOlderThanTheBoot(string output, IReadOnlyList<string> shown)
    {
        const string Mark = "vmx-old-key:";
        var old = output.Split('\n').Where(line => line.StartsWith(Mark, StringComparison.Ordinal)).Select(line => line[Mark.Length..].Trim()).ToHashSet(StringComparer.Ordinal);
        return shown.Count > 0 && shown.All(old.Contains);
    }

    /// <summary>True when the guest has gitlab-runner, as the runner's scripts ask for it; null: it has not said.</summary>
    /// <param name="output">The output of the text.</param>
    public static bool? HasRunner(string output) => YesOrNo(output, "vmx-runner:");

    /// <summary>True when the guest has step-runner, which runs the steps of <c>run:</c>; null: it has not said.</summary>
    /// <param name="output">The output of the text.</param>
    public static bool? HasStepRunner(string output) => YesOrNo(output, "vmx-steps:");

    private static bool? YesOrNo(string output, string prefix) => Line(output, prefix) switch { "yes" => true, "no" => false, _ => null };

    private static long? Number(string output, string prefix) =>
        long.TryParse(Line(output, prefix), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? Line(string output, string prefix) =>
        output.Split('\n').FirstOrDefault(line => line.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..].Trim();
}
