using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using VmExecutor.Core.Values;
using VmExecutor.RunnerSimulator.Drivers;

namespace VmExecutor.Host.Tests.Egress;

/// <summary>
/// A host and another machine in network namespaces. The other machine has several addresses, answers on port 8000 of each of them by TCP and UDP, and is the name server
/// of the host. nft, dnsmasq and prlimit of <see cref="Path"/> work in the host's namespace.
/// </summary>
internal sealed class EgressNetwork : IDisposable
{
    /// <summary>The host's resolv.conf.</summary>
    public const string Resolv = "nameserver 192.0.2.2\n";

    internal const string Servers = """
        import socket, sys, threading
        def echo(s, level, wants, kind):
            s.setsockopt(level, wants, 1)
            while True:
                data, ways, _, peer = s.recvmsg(100, 200)
                s.sendmsg([data], [(level, kind, way) for _, got, way in ways if got == kind], 0, peer)
        for family, where in ((socket.AF_INET, '0.0.0.0'), (socket.AF_INET6, '::')):
            for port in (8000, 8001):
                s = socket.socket(family, socket.SOCK_STREAM)
                u = socket.socket(family, socket.SOCK_DGRAM)
                if family == socket.AF_INET6:
                    for one in (s, u): one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                s.bind((where, port)); s.listen(50)
                u.bind((where, port))
                threading.Thread(target=lambda s=s: [s.accept() for _ in iter(int, 1)], daemon=True).start()
                threading.Thread(target=echo, args=(u, *((socket.IPPROTO_IP, 8, 8) if family == socket.AF_INET else (socket.IPPROTO_IPV6, 49, 50))), daemon=True).start()
        print('up', flush=True)
        sys.stdin.read()
        """;

    private const string Names = """
        port=53
        no-resolv
        no-hosts
        bind-interfaces
        listen-address=192.0.2.2,2001:db8::2
        address=/git.example.test/192.0.2.2
        address=/git.example.test/2001:db8::2
        address=/only.test/192.0.2.3
        address=/other.test/192.0.2.3
        address=/other.test/2001:db8::3
        cname=alias.example.test,cdn.test
        host-record=cdn.test,192.0.2.4
        host-record=zero.example.test,192.0.2.5,0
        address=/loopback.example.test/127.0.0.1
        address=/self.example.test/192.0.2.1
        address=/metadata.example.test/169.254.169.254
        pid-file=
        """;

    private const string Probe = """
        import os, socket, struct, sys
        what, where, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
        v6 = ':' in where
        patience = int(os.environ.get('PATIENCE', '5'))
        try:
            if what == 'tcp':
                socket.create_connection((where, port), patience)
                print('yes')
            elif what == 'udp':
                s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(patience)
                s.connect((where, port)); s.send(b'x'); print('yes' if s.recv(9) == b'x' else 'no')
            elif what == 'icmp':
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP); s.settimeout(patience)
                s.connect((where, 0)); s.send(struct.pack('>BBHHH', 8, 0, 0, 0, 1)); s.recv(99); print('yes')
            else:
                kind = {'A': 1, 'AAAA': 28, 'TXT': 16, 'ANY': 255}[what]
                name, server = sys.argv[4], where
                ask = struct.pack('>HHHHHH', 4711, 0x100, 1, 0, 0, 0) + b''.join(bytes([len(l)]) + l.encode() for l in name.split('.')) + b'\0' + struct.pack('>HH', kind, 1)
                if port == 0:
                    s = socket.create_connection((server, 53), patience); s.sendall(struct.pack('>H', len(ask)) + ask); r = s.recv(4096)[2:]
                else:
                    s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(patience)
                    s.connect((server, port)); s.send(ask); r = s.recv(4096)
                print('NXDOMAIN' if r[3] & 15 == 3 else 'yes' if struct.unpack('>H', r[6:8])[0] else 'no')
        except OSError as e:
            print('no')
        """;

    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-egress-").FullName);
    private readonly List<Process> _processes = [];
    private readonly int _host;
    private readonly int _other;

    public EgressNetwork()
    {
        _host = Serve("/usr/bin/python3", "-c", Servers);
        var other = _other = Serve("/usr/bin/python3", "-c", Servers);
        In(_host, $"""
            sysctl -qw net.ipv4.ping_group_range='0 2147483647'
            ip link set lo up
            ip link add inside type veth peer name outside netns {Text(other)}
            ip addr add 192.0.2.1/24 dev inside; ip -6 addr add 2001:db8::1/64 dev inside nodad; ip link set inside up
            nsenter -t {Text(other)} -n sh -ec 'ip link set lo up; ip link set outside up
                for n in 2 3 4 5; do ip addr add 192.0.2.$n/24 dev outside; ip -6 addr add 2001:db8::$n/64 dev outside nodad; done; ip addr add 169.254.169.254/32 dev outside'
            ip route add 169.254.169.254/32 via 192.0.2.2
            """).Should().Be("");
        File.WriteAllText(_directory.Child("names").Value, Names + "\n");
        File.WriteAllText(_directory.Child("probe.py").Value, Probe);
        _processes.Add(Process.Start(new ProcessStartInfo("nsenter", ["-t", Text(other), "-n", "dnsmasq", "--keep-in-foreground", $"--conf-file={_directory.Child("names")}"]) { RedirectStandardInput = true })!);
        foreach (var tool in (string[])["nft", "dnsmasq", "prlimit"])
        {
            ProgramFile.Write(Tool(tool), $"#!/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin exec nsenter -t {Text(_host)} -n {tool} \"$@\"\n");
        }

        File.SetUnixFileMode(_directory.Value, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        File.SetUnixFileMode(_directory.Child("probe.py").Value, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        for (var attempt = 0; attempt < 500 && Ask(0, "cdn.test") != "yes"; attempt++)
        {
        }
    }

    public AbsolutePath Home => _directory;

    /// <summary>The directories of tools that work in the host's namespace.</summary>
    public string Path => $"{_directory}:/usr/sbin:/usr/bin:/sbin:/bin";

    public string Tool(string name) => _directory.Child(name).Value;

    /// <summary>Asks a name server, as a user: <c>yes</c>, <c>no</c> or <c>NXDOMAIN</c>.</summary>
    public string Ask(uint user, string name, string kind = "A", string server = "192.0.2.2", int port = 53) => Run(user, kind, server, Text(port), name);

    public bool Reaches(uint user, string address, int port = 8000, string protocol = "tcp") => Run(user, protocol, address, Text(port)) == "yes";

    /// <summary>Sends as many questions as fast as it can, each for a name of its own, and reads no answer. Returns how many were sent.</summary>
    public string Flood(uint user, int count, string names)
    {
        const string Send = """
            import socket, struct, sys
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.connect(("192.0.2.2", 53))
            for n in range(int(sys.argv[1])):
                labels = sys.argv[2].replace("{0}", str(n)).split(".")
                question = b"".join(bytes([len(l)]) + l.encode() for l in labels) + b"\0" + struct.pack(">HH", 1, 1)
                try: s.send(struct.pack(">HHHHHH", n & 65535, 0x100, 1, 0, 0, 0) + question)
                except OSError: pass
            print(n + 1)
            """;
        File.WriteAllText(_directory.Child("flood.py").Value, Send);
        File.SetUnixFileMode(_directory.Child("flood.py").Value, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        return In(_host, $"setpriv --reuid {user.ToString(CultureInfo.InvariantCulture)} --clear-groups /usr/bin/python3 {_directory}/flood.py {Text(count)} '{names}'").Trim();
    }

    /// <summary>The other machine sends first, by UDP, and a user answers: true when the answer arrives.</summary>
    public bool Answers(uint user)
    {
        const string Listen = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((\"192.0.2.1\", 9999)); s.settimeout(20); d, p = s.recvfrom(9); s.sendto(d, p)";
        const string Speak = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2); s.bind((\"192.0.2.3\", 0))\nfor _ in range(5):\n    s.sendto(b\"x\", (\"192.0.2.1\", 9999))\n    try: print(\"yes\" if s.recv(9) else \"no\"); break\n    except OSError: pass";
        File.WriteAllText(_directory.Child("speak.py").Value, Speak);
        return In(_host, $"setpriv --reuid {user.ToString(CultureInfo.InvariantCulture)} --clear-groups /usr/bin/python3 -c '{Listen}' & nsenter -t {Text(_other)} -n /usr/bin/python3 {_directory}/speak.py; wait || true").Contains("yes", StringComparison.Ordinal);
    }

    /// <summary>Runs a script in the host's namespace; returns what it wrote.</summary>
    public string Host(string script) => In(_host, script);

    /// <summary>Kills the name servers of policies that are still in force, and waits until they have ended; their tables go with the namespace.</summary>
    public void EndServers() => Host($"for one in {_directory}/egress/*.pid; do [ -e $one ] || continue; kill -9 $(cat $one) || true; while grep -qs dnsmasq /proc/$(cat $one)/cmdline; do sleep 0.01; done; done");

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }

        Directory.Delete(_directory.Value, recursive: true);
    }

    /// <summary>The process whose network namespace is the host's.</summary>
    public int HostId => _host;

    /// <summary>The process whose network namespace is the other machine's.</summary>
    public int OtherId => _other;

    /// <summary>Probes from another namespace, as root there.</summary>
    public string ProbeFrom(int place, params string[] probe) => ProbeFrom(place, 5, probe);

    /// <param name="place">A process in that namespace.</param>
    /// <param name="patience">Seconds for each wait of the probe.</param>
    /// <param name="probe">The probe's arguments.</param>
    public string ProbeFrom(int place, int patience, params string[] probe) => In(place, $"PATIENCE={Text(patience)} /usr/bin/python3 {_directory}/probe.py {string.Join(' ', probe)}").Trim();

    /// <summary>Runs a script in the namespace of a process; returns what it wrote.</summary>
    public static string In(int host, string script)
    {
        using var process = Process.Start(new ProcessStartInfo("nsenter", ["-t", Text(host), "-n", "bash", "-ec", $"exec 2>&1; {script}"]) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }

    /// <summary>Starts a process in a network namespace of its own, which it ends with; it says <c>up</c> first.</summary>
    public int Serve(params string[] command)
    {
        var process = Process.Start(new ProcessStartInfo("unshare", ["--net", .. command]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        _processes.Add(process);
        process.StandardOutput.ReadLine().Should().Be("up");
        return process.Id;
    }

    private string Run(uint user, params string[] probe) =>
        In(_host, $"setpriv --reuid {user.ToString(CultureInfo.InvariantCulture)} --clear-groups /usr/bin/python3 {_directory}/probe.py {string.Join(' ', probe)}").Trim();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
