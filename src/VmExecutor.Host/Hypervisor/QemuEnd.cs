using System.Globalization;
using System.Text.RegularExpressions;

namespace VmExecutor.Host.Hypervisor;

/// <summary>The end of a domain's last life, as libvirt's log of it tells (qemu_process.c, qemuProcessStop; system/runstate.c).</summary>
/// <param name="Reason">libvirt's word: <c>shutdown</c>, <c>destroyed</c>, <c>crashed</c>, <c>failed</c>; null: the log does not say.</param>
/// <param name="Time">The time; null with no reason.</param>
/// <param name="Signal">Which signal QEMU ended on, and who sent it; null: none, or one that leaves no time for words.</param>
/// <param name="LastWords">QEMU's last own line, unless it is about the signal.</param>
internal sealed partial record QemuEnd(string? Reason, DateTimeOffset? Time, QemuSignal? Signal, string? LastWords)
{
    /// <summary>Reads the lines since the last start; the names of jobs do not come again, but those of attempts do.</summary>
    public static QemuEnd Parse(IReadOnlyList<string> log)
    {
        var end = new QemuEnd(null, null, null, null);
        foreach (var line in log)
        {
            if (Starting().IsMatch(line))
            {
                end = new QemuEnd(null, null, null, null);
            }
            else if (Stopping().Match(line) is { Success: true } stop)
            {
                end = end with { Reason = stop.Groups["reason"].Value, Time = ParseTime(stop.Groups["time"].Value) };
            }
            else if (Signalled().Match(line) is { Success: true } signal)
            {
                // Only the first: libvirt ends a QEMU whose guest has shut down in the same way.
                end = end with { Signal = end.Signal ?? new QemuSignal(Number(signal, "signal"), Number(signal, "pid"), signal.Groups["name"].Value) };
            }
            else if (Said().Match(line) is { Success: true } said)
            {
                end = end with { LastWords = said.Groups["words"].Value };
            }
        }

        return end;
    }

    private static int Number(Match match, string group) => int.TryParse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static DateTimeOffset? ParseTime(string text) =>
        DateTimeOffset.TryParseExact(text, "yyyy-MM-dd HH:mm:ss.fffzzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;

    [GeneratedRegex("^[0-9-]+ [0-9:.]+[+-][0-9]{4}: starting up")]
    private static partial Regex Starting();

    [GeneratedRegex("^(?<time>[0-9-]+ [0-9:.]+[+-][0-9]{4}): shutting down, reason=(?<reason>[a-z]+)")]
    private static partial Regex Stopping();

    [GeneratedRegex(@"terminating on signal (?<signal>[0-9]{1,3})(?: from pid (?<pid>[0-9]{1,9})(?: \((?<name>[^)]*)\))?)?")]
    private static partial Regex Signalled();

    [GeneratedRegex(@"^(?:[0-9-]+T[0-9:.]+Z )?(?<words>(?:qemu|kvm)\S*: .+)$")]
    private static partial Regex Said();
}

/// <summary>A signal that ended QEMU in its own words: <c>terminating on signal 15 from pid 4242 (bash)</c>.</summary>
internal sealed record QemuSignal(int Number, int SenderPid, string SenderName)
{
    private static readonly string[] Libvirt = ["libvirtd", "virtqemud", "", "<unknown process>"];

    /// <summary>
    /// True when one of libvirt's daemons sent the signal, as they also do after a guest has shut itself down; or when QEMU does not know
    /// the sender, which then most likely is one of them.
    /// </summary>
    public bool IsFromLibvirt => Libvirt.Contains(Path.GetFileName(SenderName));
}
