using System.Globalization;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;

namespace VmExecutor.Core.Health;

/// <summary>The address that a guest is asked to connect to.</summary>
/// <param name="Host">A name or an address.</param>
/// <param name="Port">Of TCP.</param>
public sealed record ReachTarget(string Host, int Port)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");

    /// <summary><c>gitlab.example.com:443</c>, <c>[fd00::1]:22</c>.</summary>
    public static ReachTarget? TryParse(string text)
    {
        var colon = text.LastIndexOf(':');
        var host = colon > 0 ? text[..colon].Trim('[', ']') : "";
        return Uri.CheckHostName(host) != UriHostNameType.Unknown
            && int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536
                ? new ReachTarget(host, port)
                : null;
    }

    /// <summary>The server behind a runner's <c>url</c>.</summary>
    public static ReachTarget? OfUrl(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https" && parsed.Host.Length > 0
            ? new ReachTarget(parsed.Host.Trim('[', ']'), parsed.Port)
            : null;
}

/// <summary>The questions to a guest about its network, a POSIX shell text, and the meaning of its answers.</summary>
public static class GuestRules
{
    /// <summary>As QEMU's user-mode network calls the host.</summary>
    public const string HostAsSeenByGuest = "10.0.2.2";

    private const string Done = "vmx-reach:";

    /// <summary>Tries to connect, with whatever the guest has for that, for ten seconds at most.</summary>
    public static string Text(ReachTarget target) => Text(ShellText.Quote(target.Host), target.Port, isName: Uri.CheckHostName(target.Host) == UriHostNameType.Dns);

    /// <summary>The same with the host as its address: as QEMU's user-mode network gives it, else the guest's way out.</summary>
    public static string TextToHost(bool isUserMode, int port) =>
        Text(isUserMode ? HostAsSeenByGuest : "$(ip -4 route show default 2>/dev/null | sed -n 's/.* via \\([0-9.]*\\).*/\\1/p' | head -n 1)", port, isName: false);

    private static string Text(string host, int port, bool isName) =>
        $$"""
        h={{host}} p={{port.ToString(CultureInfo.InvariantCulture)}} name={{(isName ? "1" : "")}}
        limit=; command -v timeout >/dev/null 2>&1 && limit='timeout 10'
        if [ -z "$h" ]; then echo '{{Done}}no-tool'
        elif [ -n "$name" ] && command -v getent >/dev/null 2>&1 && ! $limit getent ahosts "$h" >/dev/null 2>&1 && ! $limit getent hosts "$h" >/dev/null 2>&1; then
            echo '{{Done}}no-name'
        elif command -v bash >/dev/null 2>&1; then
            if said=$($limit bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$h" "$p" 2>&1); then echo '{{Done}}yes'; else echo "{{Done}}no $said"; fi
        elif command -v nc >/dev/null 2>&1; then
            if said=$($limit nc -w 10 "$h" "$p" </dev/null 2>&1); then echo '{{Done}}yes'; else echo "{{Done}}no $said"; fi
        else echo '{{Done}}no-tool'; fi
        """;

    /// <summary>The result in the guest's answer; null: it cannot tell, or its answer is not understood.</summary>
    public static (bool Reached, string Why)? Parse(string output) =>
        output.Split('\n').FirstOrDefault(line => line.StartsWith(Done, StringComparison.Ordinal)) is not { } line ? null
        : line[Done.Length..].Trim() switch
        {
            "yes" => (true, ""),
            "no-name" => (false, "its name cannot be resolved in the guest"),
            "no-tool" => null,
            "no" => (false, "no answer within 10 s"),
            var no when no.StartsWith("no ", StringComparison.Ordinal) => (false, no[3..].Split(": ").Last().Trim()),
            _ => null,
        };

    /// <param name="image">Of which a clone was started.</param>
    /// <param name="failure">Why it could not be used; null: it could.</param>
    public static Finding DecideStart(string image, DriverException? failure) => failure is null
        ? Checks.GuestStart.Ok($"a clone of image '{image}' was started, runs commands, and is removed again")
        : Checks.GuestStart.Problem($"a clone of image '{image}' could not be used: {failure.Message} ({failure.Code})", failure.Hint);

    /// <param name="image">The image of the guest that was asked.</param>
    /// <param name="target">Where it was to connect to.</param>
    /// <param name="answer">From <see cref="Parse"/>.</param>
    public static Finding DecideOut(string image, ReachTarget target, (bool Reached, string Why)? answer) => answer switch
    {
        null => Checks.GuestOut.Skipped($"a guest of image '{image}' has neither bash nor nc to connect to {target} with"),
        (true, _) => Checks.GuestOut.Ok($"a guest of image '{image}' reaches {target}"),
        (_, var why) => Checks.GuestOut.Problem(
            $"a guest of image '{image}' does not reach {target}: {why}",
            $"curl -sv telnet://{target} </dev/null   # whether this host reaches it itself; and in the guest: ip route; cat /etc/resolv.conf"),
    };

    /// <param name="image">The image of the guest that was asked.</param>
    /// <param name="isUserMode">Whether it is in QEMU's user-mode network.</param>
    /// <param name="wasReached">Whether a listener of ours on the host's loopback saw a connection; its own eyes count, not the guest's.</param>
    /// <param name="hasTried">Whether the guest could try at all.</param>
    /// <param name="firewall">What may keep it off; null: nothing can.</param>
    public static Finding DecideLoopback(string image, bool isUserMode, bool wasReached, bool hasTried, GuestFirewall? firewall) => (wasReached, isUserMode, hasTried) switch
    {
        (true, true, _) when firewall is { IsOn: true } => Checks.GuestLoopback.Problem(
            $"a guest of image '{image}' connected to a service on the host's loopback (as {HostAsSeenByGuest}), although {(firewall.IsPutUpByDriver ? $"{firewall.InForce} to keep it off" : firewall.InForce)}",
            "ps -C qemu-system-x86_64 -o user=; nft list table inet vm_executor   # the rules must name the user that QEMU runs as"),
        (true, true, _) => Checks.GuestLoopback.Warning(
            $"a guest of image '{image}' connected to a service on the host's loopback (as {HostAsSeenByGuest}), as QEMU's user-mode network lets it", GuestFirewall.FixFor(firewall)),
        (true, false, _) => Checks.GuestLoopback.Problem(
            $"a guest of image '{image}' connected to a service on the host's loopback, although it is in a libvirt network",
            "sysctl net.ipv4.conf.all.route_localnet=0; iptables -t nat -S; nft list ruleset   # what passes it on"),
        (false, _, false) => Checks.GuestLoopback.Skipped($"a guest of image '{image}' has neither bash nor nc to try it with"),
        _ => Checks.GuestLoopback.Ok($"a guest of image '{image}' does not reach a service on the host's loopback"),
    };
}
