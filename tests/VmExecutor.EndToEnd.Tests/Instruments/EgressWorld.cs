using System.Diagnostics;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;

namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>The rest of the world for a guest: a name server, git's daemon and a web server with the same repository at two addresses, one with an allowed name and one with another, in a network namespace beside libvirt's.</summary>
internal sealed class EgressWorld : IAsyncDisposable
{
    private const string Names = """
        no-resolv
        no-hosts
        bind-interfaces
        address=/git.example.test/192.0.2.2
        address=/inside.example.test/127.0.0.1
        address=/evil.test/192.0.2.3
        pid-file=

        """;

    /// <summary>git's own program for web servers (git-http-backend), and what passes requests on to it.</summary>
    private const string WebServer = """
        import http.server, os, subprocess, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path, _, query = self.path.partition('?')
                body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
                answer = subprocess.run(['git', 'http-backend'], input=body, capture_output=True, env={**os.environ, 'GIT_PROJECT_ROOT': sys.argv[1], 'GIT_HTTP_EXPORT_ALL': '1',
                    'PATH_INFO': path, 'QUERY_STRING': query, 'REQUEST_METHOD': self.command, 'CONTENT_TYPE': self.headers.get('Content-Type', ''), 'CONTENT_LENGTH': str(len(body)),
                    'HTTP_CONTENT_ENCODING': self.headers.get('Content-Encoding', ''), 'GIT_PROTOCOL': self.headers.get('Git-Protocol', '')}).stdout
                head, _, content = answer.partition(b'\r\n\r\n')
                fields = dict(line.split(': ', 1) for line in head.decode().split('\r\n'))
                self.send_response(int(fields.pop('Status', '200').split()[0]))
                for name, value in fields.items(): self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
            do_POST = do_GET
            def log_message(self, *_): pass
        http.server.ThreadingHTTPServer(('0.0.0.0', 80), Handler).serve_forever()
        """;

    private readonly List<Process> _processes = [];

    public static async Task<EgressWorld> StartAsync(IsolatedLibvirt libvirt, string directory)
    {
        var world = new EgressWorld();
        var place = Process.Start(new ProcessStartInfo("unshare", ["--net", "sh", "-c", "echo up; exec cat"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        world._processes.Add(place);
        (await place.StandardOutput.ReadLineAsync()).Should().Be("up");
        string[] inside = ["nsenter", "--target", place.Id.ToString(System.Globalization.CultureInfo.InvariantCulture), "--net"];
        var resolv = Path.Combine(directory, "resolv.conf");
        await File.WriteAllTextAsync(resolv, "nameserver 192.0.2.2\n");
        await libvirt.OutputAsync("sh", "-ec", $"""
            ip link add inside type veth peer name outside netns {place.Id}
            ip addr add 192.0.2.1/24 dev inside; ip link set inside up
            mount --bind {resolv} "$(readlink -f /etc/resolv.conf)"
            {string.Join(' ', inside)} sh -ec 'ip link set lo up; ip addr add 192.0.2.2/24 dev outside; ip addr add 192.0.2.3/24 dev outside; ip link set outside up'
            """);
        await File.WriteAllTextAsync(Path.Combine(directory, "names"), Names);
        await GitServer.MakeRepositoryAsync(directory, new Dictionary<string, string> { ["README"] = "the world\n" });
        world.Start(inside, "python3", "-c", WebServer, directory);
        world.Start(inside, "dnsmasq", "--keep-in-foreground", $"--conf-file={directory}/names");
        world.Start(inside, "git", "-c", "safe.directory=*", "daemon", "--export-all", "--reuseaddr", $"--base-path={directory}", directory);
        (await Eventually.AskAsync(
            () => HostCommand.TryAsync(inside[0], [.. inside.Skip(1), "git", "ls-remote", "git://192.0.2.3/project"]), answer => answer.ExitCode == 0, TimeSpan.FromSeconds(20)))
            .ExitCode.Should().Be(0, "git's daemon is there");
        (await Eventually.AskAsync(
            () => HostCommand.TryAsync(inside[0], [.. inside.Skip(1), "git", "ls-remote", "http://192.0.2.3/project/.git"]), answer => answer.ExitCode == 0, TimeSpan.FromSeconds(20)))
            .ExitCode.Should().Be(0, "the web server is there");
        return world;
    }

    /// <summary>Starts a process that ends with this world.</summary>
    /// <param name="inside">The command that it is put behind.</param>
    /// <param name="command">Its command line.</param>
    public void Start(IReadOnlyList<string> inside, params string[] command)
    {
        var start = new ProcessStartInfo(inside[0], [.. inside.Skip(1), .. command]);

        // git refuses repositories of another owner.
        start.Environment["GIT_CONFIG_COUNT"] = "1";
        start.Environment["GIT_CONFIG_KEY_0"] = "safe.directory";
        start.Environment["GIT_CONFIG_VALUE_0"] = "*";
        _processes.Add(Process.Start(start)!);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
