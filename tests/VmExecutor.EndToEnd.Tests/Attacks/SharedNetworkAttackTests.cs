using System.Globalization;
using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Attacks;

/// <summary>
/// Root in a guest on a libvirt network attacks the other clone there: by its ssh port, as a DHCP server, and by taking its address, its
/// MAC address too. Both clones have the same host key, so ssh
/// alone cannot tell them apart.
/// </summary>
[AlwaysCold("its libvirt is its own")]
public sealed class SharedNetworkAttackTests(TestMachine machine) : IsolatedTest(machine, "bridge")
{
    private const int Victim = 1641;
    private const int Attacker = 1642;
    private const string Planted = "/builds/of-the-victim";

    private readonly Scorecard _scorecard = new();

    [Fact(Timeout = 2 * HangLimit, Explicit = true)]
    public async Task A_guest_reaches_no_neighbour_and_gets_none_of_its_scripts()
    {
        Bench.With(new ImageYaml { Network = IsolatedLibvirt.Network, Cmdline = $"{Machine.Guest.Cmdline} vmx.net=dhcp", User = "root" });
        var sessions = await Task.WhenAll(PrepareAsync(Victim), PrepareAsync(Attacker));
        var (victim, attacker) = (await CardAsync(Victim), await CardAsync(Attacker));

        await ReachAsync(sessions[1], victim, attacker);
        await ServeAddressesAsync(sessions, victim, attacker);
        await TakeAddressAsync(sessions, victim, attacker);

        _scorecard.ShouldBeGreen();
        foreach (var session in sessions)
        {
            (await session.CleanupAsync()).ShouldSucceed();
        }

        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    private async Task ReachAsync(JobSession attacker, params Card[] cards)
    {
        var program = $"timeout 30 bash -c 'exec 3<> /dev/tcp/{cards[0].Address}/22 && read -r line <&3 && echo \"ssh=$line\"'; true";
        var closed = await attacker.RunAsync(SubStages.BuildScript, program);
        await IsolateAsync(false, cards);
        var open = await attacker.RunAsync(SubStages.BuildScript, program);
        await IsolateAsync(true, cards);
        _scorecard.Note("neighbour-reached", held: closed.OutputText.Length == 0, control: open.OutputText.StartsWith("ssh=SSH-2.0"), $"{closed}\n{open}");
    }

    /// <summary>The network's own DHCP server is stopped, so that only the attacker's can answer.</summary>
    private async Task ServeAddressesAsync(JobSession[] sessions, params Card[] cards)
    {
        var server = (await Libvirt.OutputAsync("cat", $"/run/libvirt/network/{IsolatedLibvirt.Network}.pid")).Trim();
        (await sessions[1].RunAsync(
            SubStages.BuildScript,
            $"printf 'start {IsolatedLibvirt.Subnet}.200\\nend {IsolatedLibvirt.Subnet}.210\\ninterface eth0\\nlease_file /run/leases\\noption router {IsolatedLibvirt.Subnet}.201\\n' > /run/udhcpd.conf; touch /run/leases; setsid busybox udhcpd -f /run/udhcpd.conf > /dev/null 2>&1 < /dev/null & sleep 1; pgrep -f udhcpd.conf > /dev/null"))
            .ShouldSucceed();
        const string Ask = "echo '#!/bin/sh' > /run/got; echo 'echo $1 $ip $router' >> /run/got; chmod +x /run/got; busybox udhcpc -i eth0 -n -q -t 3 -T 2 -s /run/got 2>&1; true";
        await Libvirt.OutputAsync("kill", "-STOP", await InnerAsync(server));
        try
        {
            var closed = await sessions[0].RunAsync(SubStages.BuildScript, Ask);
            await IsolateAsync(false, cards);
            var open = await sessions[0].RunAsync(SubStages.BuildScript, Ask);
            await IsolateAsync(true, cards);
            _scorecard.Note(
                "dhcp-spoofed", held: !closed.OutputText.Contains("bound"), control: open.OutputText.Contains($"bound {IsolatedLibvirt.Subnet}.2"), $"{closed}\n{open}");
        }
        finally
        {
            await Libvirt.OutputAsync("kill", "-CONT", await InnerAsync(server));
        }
    }

    /// <summary>
    /// First the address alone, then with the card's own address and without the token that prepare left in the attacker's guest. The
    /// victim's cable is out, so it cannot defend itself.
    /// </summary>
    private async Task TakeAddressAsync(JobSession[] sessions, Card victim, Card attacker)
    {
        await VirshAsync("domif-setlink", Domain(Victim), victim.Tap, "down");
        var there = await TakeAsync($"busybox ip address add {victim.Address}/24 dev eth0", attacker.Mac);
        var first = await ScriptsAsync(sessions[0]);
        _scorecard.Note("address-taken", held: await HeldAsync(first, victim), control: there, string.Join('\n', first));

        there = await TakeAsync($"busybox ip link set eth0 down; busybox ip link set eth0 address {victim.Mac}; busybox ip link set eth0 up; busybox ip address flush dev eth0; busybox ip address add {victim.Address}/24 dev eth0; rm -f /root/.vmx-clone /tmp/.vmx-clone", victim.Mac);
        var second = await ScriptsAsync(sessions[0]);
        _scorecard.Note("address-and-card-taken", held: await HeldAsync(second, victim), control: there, string.Join('\n', second));
        await VirshAsync("domif-setlink", Domain(Victim), victim.Tap, "up");

        // The attacker's own connection may break by it, so its session must have ended. True: ssh by hand, with the key of the image,
        // lands in the attacker's guest.
        async Task<bool> TakeAsync(string how, string mac)
        {
            await sessions[1].RunAsync(SubStages.BuildScript, $"touch /run/attacker; setsid sh -c 'sleep 1; {how}; while :; do busybox arping -q -U -c 1 -I eth0 {victim.Address}; sleep 1; done' > /dev/null 2>&1 < /dev/null &");
            const string Ask = "test -e /run/attacker && cat /sys/class/net/eth0/address";
            return await Eventually.AskAsync(() => ByHandAsync(victim, Ask), answer => answer == $"{mac}\n", TimeSpan.FromSeconds(40)) == $"{mac}\n";
        }
    }

    /// <summary>Two sub-stages: the first one may find the connection lost while its script runs.</summary>
    private static async Task<IReadOnlyList<StageRecord>> ScriptsAsync(JobSession session) =>
    [
        await session.RunAsync(SubStages.BuildScript, $"echo secret > {Planted}"),
        await session.RunAsync(SubStages.AfterScript, $"echo secret > {Planted}"),
    ];

    private async Task<bool> HeldAsync(IReadOnlyList<StageRecord> runs, Card card) =>
        runs.All(run => run.ExitCode == StageReading.SystemFailureExitCode) && await ByHandAsync(card, $"ls {Planted} 2> /dev/null; echo end") == "end\n";

    private async Task<string> ByHandAsync(Card card, string command)
    {
        IReadOnlyList<string> arguments =
        [
            .. Libvirt.Inside.Skip(1), "ssh", "-F", "/dev/null", "-i", Machine.Guest.Key, "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=5", $"root@{card.Address}", command,
        ];
        return (await HostCommand.TryAsync(Libvirt.Inside[0], arguments)).Output;
    }

    private async Task IsolateAsync(bool isolate, IEnumerable<Card> cards)
    {
        foreach (var card in cards)
        {
            await Libvirt.OutputAsync("bridge", "link", "set", "dev", card.Tap, "isolated", isolate ? "on" : "off");
        }
    }

    private async Task<JobSession> PrepareAsync(int id)
    {
        var session = Bench.Open(new SimulatedJob { Id = id });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();
        return session;
    }

    private string Domain(int id) => $"vmx-{Path.GetFileName(Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs"), $"*-{id.ToString(CultureInfo.InvariantCulture)}-*").Should().ContainSingle().Which)}";

    private async Task<Card> CardAsync(int id)
    {
        var card = XElement.Parse(await VirshAsync("dumpxml", Domain(id))).Element("devices")!.Elements("interface").Should().ContainSingle().Which;
        var mac = (string)card.Element("mac")!.Attribute("address")!;
        var lease = (await VirshAsync("net-dhcp-leases", IsolatedLibvirt.Network, mac)).Split('\n').Should().ContainSingle(line => line.Contains(mac)).Which;
        return new Card(mac, lease.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4].Split('/')[0], (string)card.Element("target")!.Attribute("dev")!);
    }

    /// <summary>The process id in our own process namespace: the daemon's files have those of its own.</summary>
    private static async Task<string> InnerAsync(string inner)
    {
        foreach (var line in await HostCommand.LinesAsync("sh", "-c", "grep -H ^NSpid: /proc/[0-9]*/status; true"))
        {
            var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words[^1] == inner && words.Length > 2 && (await File.ReadAllTextAsync($"/proc/{words[1]}/cmdline")).Contains($"/{IsolatedLibvirt.Network}.conf", StringComparison.Ordinal))
            {
                return words[1];
            }
        }

        throw new InvalidOperationException($"there is no dnsmasq with the number {inner} in its namespace");
    }

    private Task<string> VirshAsync(params string[] arguments) => Libvirt.OutputAsync(["virsh", "-c", "qemu:///system", .. arguments]);

    /// <summary>A clone's network card.</summary>
    /// <param name="Mac">Its own address.</param>
    /// <param name="Address">The address that the network gave it.</param>
    /// <param name="Tap">The host's end of it.</param>
    private sealed record Card(string Mac, string Address, string Tap);
}
