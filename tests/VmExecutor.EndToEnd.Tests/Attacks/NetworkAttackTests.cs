using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
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
/// Root in a guest tries to reach the host, metadata services behind it and another clone. The servers' own logs say what was reached.
/// Then the rules are taken away, and the same program
/// runs again in the same guest.
/// </summary>
[AlwaysCold("its libvirt is its own")]
public sealed class NetworkAttackTests(TestMachine machine) : IsolatedTest(machine, "nft", "python3")
{
    // A machine behind the host. It is allowed, so that a guest whose attacks do not work at all is seen.
    private const string Neighbour = "198.51.100.2";
    private const string OtherSsh = "other-ssh-port";

    // One process per machine: it takes each connection and each packet on all ports and addresses, and notes protocol and port.
    private const string Servers = """
        import selectors, socket, struct, sys
        log = open(sys.argv[1], 'a')
        chosen = selectors.DefaultSelector()
        for port in range(int(sys.argv[2]), int(sys.argv[3]) + 1):
            for family, where in ((socket.AF_INET, '0.0.0.0'), (socket.AF_INET6, '::')):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    s = socket.socket(family, kind)
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    if family == socket.AF_INET6:
                        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    s.bind((where, port))
                    if kind == socket.SOCK_STREAM:
                        s.listen(50)
                    elif family == socket.AF_INET:
                        for own in sys.argv[4:]:
                            s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton('224.0.0.251') + socket.inet_aton(own))
                    chosen.register(s, selectors.EVENT_READ, port)
        chosen.register(sys.stdin, selectors.EVENT_READ, 0)
        print('up', flush=True)
        while True:
            for key, _ in chosen.select():
                if key.data == 0:
                    sys.exit()
                tcp = key.fileobj.type == socket.SOCK_STREAM
                if tcp:
                    key.fileobj.accept()[0].close()
                else:
                    key.fileobj.recvfrom(100)
                print('tcp' if tcp else 'udp', key.data, file=log, flush=True)
        """;

    // Checksums as RFC 1071 says; the frames go to QEMU's gateway, which asks no more of them than that they are whole.
    private const string Guest = """
        set +e
        cat > /run/raw.pl <<'END'
        my ($kind, $to, $port) = @ARGV;
        my $source = 40000 + int rand 20000; # QEMU forgets a connection that was refused only after a while
        sub sum { my $s = 0; $s += $_ for unpack 'n*', $_[0] . (length($_[0]) % 2 ? "\0" : ''); $s = ($s >> 16) + ($s & 0xffff) while $s >> 16; ~$s & 0xffff }
        open my $f, '<', '/sys/class/net/eth0/address'; my $mac = pack 'H*', join '', split /:/, do { my $l = <$f>; chomp $l; $l };
        open $f, '<', '/sys/class/net/eth0/ifindex'; my $index = <$f> + 0;
        my $v6 = $kind eq 'raw6';
        my $from = $v6 ? pack('H*', 'fec00000000000000000000000000015') : pack('C4', 10, 0, 2, 15);
        my $dest = $v6 ? pack('H*', $to) : pack('C4', split /\./, $to);
        my ($protocol, $body) = $kind eq 'rawudp4' ? (17, pack('nnnn', $source, $port, 12, 0) . 'vmx!') : (6, pack('nnNNnnnn', $source, $port, 1, 0, 0x5002, 65535, 0, 0));
        substr $body, $protocol == 6 ? 16 : 6, 2, pack 'n', sum($from . $dest . pack('NN', length $body, $protocol) . $body);
        my $header = $v6 ? pack('NnCC', 0x60000000, length $body, $protocol, 64) . $from . $dest : pack('CCnnnCCn', 0x45, 0, 20 + length $body, $port, 0, 64, $protocol, 0) . $from . $dest;
        substr $header, 10, 2, pack 'n', sum($header) unless $v6;
        socket my $s, 17, 3, 0 or die "socket: $!";
        my $frame = ($v6 ? pack('H*', '525600000002') : pack('H*', '52550a000202')) . $mac . pack('n', $v6 ? 0x86dd : 0x0800) . $header . $body;
        send $s, $frame, 0, pack('S n l S C C a8', 17, $v6 ? 0x86dd : 0x0800, $index, 1, 0, 6, '') or die "send: $!";
        END
        tcp() { timeout 60 bash -c "exec 3<> /dev/tcp/$1/$2"; }
        udp() { timeout 60 bash -c "echo vmx > /dev/udp/$1/$2"; }
        raw4() { perl /run/raw.pl raw4 "$@"; }
        raw6() { perl /run/raw.pl raw6 "$@"; }
        rawudp4() { perl /run/raw.pl rawudp4 "$@"; }
        """;

    private readonly List<Process> _servers = [];

    [Fact(Timeout = HangLimit)]
    public async Task Root_in_a_guest_reaches_nothing_of_the_host_nor_of_another_clone()
    {
        var (host, outside) = await MakeMachinesAsync();
        Bench.With(new ImageYaml { User = "root" });
        Bench.CloseHost();
        try
        {
            var sessions = await Task.WhenAll(PrepareAsync(1611), PrepareAsync(1612));
            var program = Program(PortOf(1612));

            var closed = await RunAsync(sessions[0], program, host, outside);
            await Libvirt.OutputAsync("nft", "flush", "ruleset");
            var open = await RunAsync(sessions[0], program, host, outside);

            var scorecard = new Scorecard();
            foreach (var attack in NetworkAttack.All)
            {
                scorecard.Note(attack.Name, held: !closed.Marks.Contains(attack.Mark), control: open.Marks.Contains(attack.Mark), open.Text);
            }

            scorecard.Note(OtherSsh, held: !closed.Text.Contains("ssh=SSH-2.0"), control: open.Text.Contains("ssh=SSH-2.0"), closed.Text + open.Text);
            scorecard.ShouldBeGreen();
            foreach (var session in sessions)
            {
                (await session.CleanupAsync()).ShouldSucceed();
            }
        }
        finally
        {
            End();
        }

        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    private static string Program(int port) => string.Join('\n',
    [
        Guest,
        .. NetworkAttack.All.Select(attack => $"{attack.Line} &"),
        $"echo \"ssh=$(timeout 60 bash -c 'exec 3<> /dev/tcp/10.0.2.2/{port.ToString(CultureInfo.InvariantCulture)} && read -r line <&3 && echo \"$line\"')\"",
        "wait",
        $"tcp {Neighbour} {NetworkAttack.LastPort.ToString(CultureInfo.InvariantCulture)} && echo neighbour",
        "exit 0",
    ]);

    /// <summary>The marks of the servers' logs since the last time, and the guest's own words.</summary>
    private async Task<(IReadOnlyCollection<string> Marks, string Text)> RunAsync(JobSession session, string program, params ServerLog[] logs)
    {
        var run = await session.RunAsync(SubStages.BuildScript, program);
        run.ShouldSucceed();
        run.OutputText.Should().Contain("neighbour\n", "another machine is reached: {0}", run);
        var marks = new HashSet<string>();
        foreach (var log in logs)
        {
            marks.UnionWith(await log.TakeAsync(() => Libvirt.OutputAsync("bash", "-c", $"exec 3<> /dev/tcp/{log.Address}/{NetworkAttack.LastPort.ToString(CultureInfo.InvariantCulture)}")));
        }

        return (marks, $"{run.OutputText}{run.ErrorText}reached: {string.Join(", ", marks)}");
    }

    /// <summary>The host's further addresses, and a machine behind it that has those of metadata services.</summary>
    private async Task<(ServerLog Host, ServerLog Outside)> MakeMachinesAsync()
    {
        var directory = Bench.MakeDirectory("servers");
        await Libvirt.OutputAsync("sh", "-ec", "ip link add own type veth peer name own-end; ip link set own-end up; ip addr add 192.0.2.1/24 dev own; ip -6 addr add 2001:db8::1/64 dev own nodad; ip link set own up");
        var host = new ServerLog(Path.Combine(directory, "host.log"), "127.0.0.1");
        var outside = new ServerLog(Path.Combine(directory, "outside.log"), Neighbour);
        var outer = Serve([.. Libvirt.Inside, "unshare", "--net"], outside);
        await Libvirt.OutputAsync("sh", "-ec", $"""
            ip link add inside type veth peer name outside netns {outer.ToString(CultureInfo.InvariantCulture)}
            ip addr add 198.51.100.1/24 dev inside; ip -6 addr add 2001:db8:1::1/64 dev inside nodad; ip link set inside up
            nsenter -t {outer.ToString(CultureInfo.InvariantCulture)} -n sh -ec 'ip link set lo up; ip addr add {Neighbour}/24 dev outside; ip -6 addr add 2001:db8:1::2/64 dev outside nodad; ip link set outside up
                for address in 169.254.169.254/32 168.63.129.16/32 100.100.100.200/32 fd00:ec2::254/128; do ip addr add $address dev lo; done
                ip route add default via 198.51.100.1; ip -6 route add default via 2001:db8:1::1'
            for address in 169.254.169.254 168.63.129.16 100.100.100.200; do ip route add $address via {Neighbour}; done
            ip -6 route add fd00:ec2::254 via 2001:db8:1::2
            ip route add 224.0.0.0/4 dev own
            """);

        Serve(Libvirt.Inside, host, "192.0.2.1");
        return (host, outside);
    }

    private int Serve(IReadOnlyList<string> inside, ServerLog log, params string[] groups)
    {
        string[] arguments =
        [
            .. inside.Skip(1), "/usr/bin/python3", "-c", Servers, log.File, NetworkAttack.FirstPort.ToString(CultureInfo.InvariantCulture),
            NetworkAttack.LastPort.ToString(CultureInfo.InvariantCulture), .. groups,
        ];
        var process = Process.Start(new ProcessStartInfo(inside[0], arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        _servers.Add(process);
        process.StandardOutput.ReadLine().Should().Be("up");
        return process.Id;
    }

    private void End()
    {
        foreach (var server in _servers)
        {
            server.StandardInput.Close();
            server.WaitForExit();
            server.Dispose();
        }
    }

    private async Task<JobSession> PrepareAsync(int id)
    {
        var session = Bench.Open(new SimulatedJob { Id = id });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();
        return session;
    }

    private int PortOf(int id)
    {
        var directory = Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs"), $"*-{id.ToString(CultureInfo.InvariantCulture)}-*").Should().ContainSingle().Which;
        return JsonDocument.Parse(File.ReadAllText(Path.Combine(directory, "job.json"))).RootElement.GetProperty("guest").GetProperty("port").GetInt32();
    }

    /// <summary>The log of a machine's servers.</summary>
    /// <param name="File">Lines of protocol and port.</param>
    /// <param name="Address">Of the machine, as the host reaches it.</param>
    private sealed record ServerLog(string File, string Address)
    {
        private int _taken;

        /// <summary>The lines since the last time. Servers handle what came first before they note <paramref name="knock"/>.</summary>
        public async Task<IReadOnlyList<string>> TakeAsync(Func<Task<string>> knock)
        {
            var before = (await System.IO.File.ReadAllLinesAsync(File)).Count(IsKnock);
            await knock();
            var lines = await Eventually.AskAsync(() => System.IO.File.ReadAllLinesAsync(File), lines => lines.Count(IsKnock) > before, TimeSpan.FromSeconds(20));
            var news = lines[_taken..];
            _taken = lines.Length;
            return [.. news.Where(line => !IsKnock(line))];
        }

        private static bool IsKnock(string line) => line == $"tcp {NetworkAttack.LastPort.ToString(CultureInfo.InvariantCulture)}";
    }
}
