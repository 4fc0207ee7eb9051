using System.Net;
using System.Net.Sockets;
using System.Text;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Firewall;
using VmExecutor.Core.Values;
using VmExecutor.Host.Egress;
using Xunit;

namespace VmExecutor.Host.Tests.Egress;

/// <summary>The proxy over real sockets. The destination is a server on the loopback, which policy and firewall open by its port; a resolver of the test's leads names there.</summary>
public sealed class EgressProxyTests : IAsyncDisposable
{
    private const int HangLimit = 60_000;

    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-proxy-").FullName);
    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _asked = [];
    private readonly ushort _port;
    private EgressProxy? _proxy;

    public EgressProxyTests()
    {
        _server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _server.Listen();
        _port = (ushort)((IPEndPoint)_server.LocalEndPoint!).Port;
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
        }

        _server.Dispose();
        Directory.Delete(_directory.Value, recursive: true);
    }

    [Fact(Timeout = HangLimit)]
    public async Task Connect_passes_on_both_directions_and_the_end_of_each()
    {
        Start();
        using var client = await ClientAsync($"CONNECT 127.0.0.1:{_port} HTTP/1.1\r\nHost: x\r\n\r\nearly ");
        using var server = await _server.AcceptAsync(Cancellation);
        (await ReadAsync(client, "HTTP/1.1 200 Connection established\r\n\r\n".Length)).Should().StartWith("HTTP/1.1 200 ");

        await SendAsync(client, "and late");
        client.Shutdown(SocketShutdown.Send);
        var received = await ReadAllAsync(server);
        await SendAsync(server, "the answer comes behind the end");
        server.Shutdown(SocketShutdown.Send);

        received.Should().Be("early and late");
        (await ReadAllAsync(client)).Should().Be("the answer comes behind the end");
        _proxy!.Take().Refused.Should().BeEmpty();
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_plain_request_is_passed_on_with_its_body_and_nothing_behind_it()
    {
        Start();
        using var client = await ClientAsync(
            $"POST http://git.example.test:{_port}/a HTTP/1.1\r\nHost: evil.test\r\nProxy-Connection: keep-alive\r\nContent-Length: 4\r\n\r\nbodyGET http://evil.test/ HTTP/1.1\r\n\r\n");
        using var server = await _server.AcceptAsync(Cancellation);
        var wanted = $"POST /a HTTP/1.1\r\nHost: git.example.test:{_port}\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody";

        var received = await ReadAsync(server, wanted.Length);
        await SendAsync(server, "HTTP/1.1 200 OK\r\n\r\nanswer");
        server.Shutdown(SocketShutdown.Send);

        (await ReadAllAsync(client)).Should().EndWith("answer");
        received.Should().Be(wanted);
        (await ReadAllAsync(server)).Should().BeEmpty();
        _proxy!.Take().Allowed.Should().Contain("git.example.test", 1);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_refused_request_is_answered_with_policy_and_name_and_is_noted_once_per_destination()
    {
        Start();
        var answers = new[] { await AskAsync("CONNECT evil.test:443 HTTP/1.1\r\n\r\n"), await AskAsync("GET http://evil.test/ HTTP/1.1\r\n\r\n"), await AskAsync("CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n") };

        answers[0].Should().StartWith("HTTP/1.1 403 ").And.EndWith("\r\n\r\nvm-executor: egress policy 'base' refused evil.test\n");
        answers[2].Should().EndWith("refused 127.0.0.1:1\n");
        _asked.Should().BeEmpty("a refused name is not looked up");
        _proxy!.Take().Refused.Should().BeEquivalentTo(new Dictionary<string, long> { ["evil.test"] = 2, ["127.0.0.1:1"] = 1 });
        _proxy.Take().AreEmpty.Should().BeTrue("it was taken");
    }

    [Theory(Timeout = HangLimit)]
    [InlineData("127.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("::1")]
    public async Task An_allowed_name_that_leads_to_the_host_is_refused(string address)
    {
        Start([], address, ".example.test");

        (await AskAsync($"CONNECT git.example.test:{_port} HTTP/1.1\r\n\r\n")).Should().StartWith("HTTP/1.1 403 ");

        _proxy!.Take().Refused.Keys.Should().ContainSingle().Which.Should().StartWith($"git.example.test:{_port} (");
    }

    /// <summary>A name that has another address at the second question (DNS rebinding) is asked for once.</summary>
    [Fact(Timeout = HangLimit)]
    public async Task A_name_is_resolved_once_and_its_checked_address_is_connected_to()
    {
        Start();
        using var client = await ClientAsync($"CONNECT git.example.test:{_port} HTTP/1.1\r\n\r\n");
        using var server = await _server.AcceptAsync(Cancellation);
        server.Shutdown(SocketShutdown.Send);
        await ReadAllAsync(client);

        _asked.Should().Equal("git.example.test");
    }

    [Theory(Timeout = HangLimit)]
    [InlineData("\0\x01\x16\x03\x01junk\r\n\r\n", "HTTP/1.1 400 ")]
    [InlineData("SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 400 ")]
    [InlineData("\r\n\r\n", "HTTP/1.1 400 ")]
    [InlineData("GET http://git.example.test/ HTTP/1.1", "")]
    public async Task Junk_is_refused_and_the_next_request_is_served(string junk, string answer)
    {
        Start();
        using (var client = await ClientAsync(junk))
        {
            client.Shutdown(SocketShutdown.Send);
            (await ReadAllAsync(client)).Should().StartWith(answer);
        }

        (await AskAsync("CONNECT evil.test:443 HTTP/1.1\r\n\r\n")).Should().StartWith("HTTP/1.1 403 ");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_head_without_an_end_is_refused()
    {
        Start();
        using var client = await ClientAsync(new string('a', ProxyRequest.LongestHead + 1000));

        (await ReadAllAsync(client)).Should().StartWith("HTTP/1.1 431 ");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_client_that_sends_a_head_slowly_is_let_go()
    {
        Start();
        using var client = await ClientAsync("CONNECT ");
        using var other = await ClientAsync("CONNECT evil.test:443 HTTP/1.1\r\n\r\n");
        await ReadAllAsync(other);

        for (var second = 0; second < 31; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        (await ReadAllAsync(client)).Should().BeEmpty();
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_silent_connection_is_ended_and_one_that_speaks_is_not()
    {
        Start();
        using var client = await ClientAsync($"CONNECT 127.0.0.1:{_port} HTTP/1.1\r\n\r\n");
        using var server = await _server.AcceptAsync(Cancellation);
        await ReadAsync(client, ProxyAnswer.Connected.Length);
        for (var minute = 0; minute < 20; minute++)
        {
            await SendAsync(server, "x");
            (await ReadAsync(client, 1)).Should().Be("x");
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        _time.Advance(TimeSpan.FromMinutes(11));

        (await ReadAllAsync(client)).Should().BeEmpty();
        (await ReadAllAsync(server)).Should().BeEmpty();
    }

    [Fact(Timeout = HangLimit)]
    public async Task More_connections_than_the_limit_are_refused_until_one_ends()
    {
        Start();
        List<Socket> many = [];
        for (var number = 0; number < EgressProxy.MostConnections; number++)
        {
            many.Add(await ClientAsync("GET "));
        }

        using var more = await ClientAsync("");
        (await ReadAllAsync(more)).Should().StartWith("HTTP/1.1 503 ");
        many[0].Dispose();

        string answer;
        do
        {
            answer = await AskAsync("CONNECT evil.test:443 HTTP/1.1\r\n\r\n");
        }
        while (answer.StartsWith("HTTP/1.1 503 ", StringComparison.Ordinal) || answer.Length == 0);
        answer.Should().StartWith("HTTP/1.1 403 ");
        many.ForEach(one => one.Dispose());
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_destination_that_does_not_answer_is_told()
    {
        Start();
        _server.Close();

        (await AskAsync($"CONNECT 127.0.0.1:{_port} HTTP/1.1\r\n\r\n")).Should().StartWith("HTTP/1.1 502 ").And.Contain($"127.0.0.1:{_port} was not reached: ");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_thousand_names_are_bounded_in_the_notes()
    {
        Start();
        for (var number = 0; number < 300; number++)
        {
            await AskAsync($"CONNECT n{number}.evil.test:443 HTTP/1.1\r\n\r\n");
        }

        var notes = _proxy!.Take();
        notes.Refused.Should().HaveCount(EgressNotes.Most);
        notes.AreCut.Should().BeTrue();
    }

    [Fact(Timeout = HangLimit)]
    public async Task It_ends_with_open_connections_and_removes_its_socket()
    {
        Start();
        using var client = await ClientAsync($"CONNECT 127.0.0.1:{_port} HTTP/1.1\r\n\r\n");
        using var server = await _server.AcceptAsync(Cancellation);
        await ReadAsync(client, ProxyAnswer.Connected.Length);
        File.GetUnixFileMode(Path(_directory)).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        await _proxy!.DisposeAsync();

        (await ReadAllAsync(client)).Should().BeEmpty();
        File.Exists(Path(_directory)).Should().BeFalse();
        _proxy = null;
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_socket_that_a_killed_stage_left_is_replaced_also_where_its_path_is_long()
    {
        var deep = _directory.Child(new string('x', 120));
        Directory.CreateDirectory(deep.Value);
        using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            File.WriteAllText(Path(deep), "left");
        }

        await using var proxy = EgressProxy.Start(new AbsolutePath(Path(deep)), Rules([], ".example.test"), new ProxyLimits(), _time);

        File.GetUnixFileMode(Path(deep)).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static string Path(AbsolutePath directory) => directory.Child("egress.sock").Value;

    private static ProxyRules Rules(IReadOnlyList<string> services, params string[] allow) => new(
        new EgressPolicy("base", false, [.. allow.Select(EgressRule.Parse)]),
        new ClosedAddresses([], [.. services.Select(text => HostService.TryParse(text, out var service) ? service : throw new FormatException(text))], []));

    private void Start() => Start([$"127.0.0.1:{_port}"], "127.0.0.1", ".example.test", $"127.0.0.1:{_port}");

    private void Start(IReadOnlyList<string> services, string address, params string[] allow) => _proxy = EgressProxy.Start(
        new AbsolutePath(Path(_directory)),
        Rules(services, allow),
        new ProxyLimits
        {
            Resolve = (name, _) =>
            {
                _asked.Add(name);
                return Task.FromResult<IPAddress[]>([IPAddress.Parse(address)]);
            },
        },
        _time);

    private async Task<Socket> ClientAsync(string text)
    {
        var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(Path(_directory)), Cancellation);
        await SendAsync(client, text);
        return client;
    }

    private async Task<string> AskAsync(string text)
    {
        try
        {
            using var client = await ClientAsync(text);
            return await ReadAllAsync(client);
        }
        catch (SocketException)
        {
            // Refused before it could send.
            return "";
        }
    }

    private static async Task SendAsync(Socket socket, string text)
    {
        for (var bytes = Encoding.Latin1.GetBytes(text).AsMemory(); bytes.Length > 0;)
        {
            bytes = bytes[await socket.SendAsync(bytes, Cancellation)..];
        }
    }

    private static async Task<string> ReadAsync(Socket socket, int count)
    {
        var buffer = new byte[count];
        for (var filled = 0; filled < count;)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(filled), Cancellation);
            read.Should().BePositive();
            filled += read;
        }

        return Encoding.Latin1.GetString(buffer);
    }

    private static async Task<string> ReadAllAsync(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[1000];
        try
        {
            while (await socket.ReceiveAsync(buffer, Cancellation) is > 0 and var read)
            {
                text.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Ended as well.
        }

        return text.ToString();
    }
}
