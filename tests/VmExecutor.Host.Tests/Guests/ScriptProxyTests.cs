using System.Net.Sockets;
using System.Text;
using FluentAssertions;
using VmExecutor.Core.Guests;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>A script's proxy by a real ssh server: the kept connection leads a port of the guest's loopback to a socket in the job's directory.</summary>
public sealed class ScriptProxyTests(SshdFixture sshd) : GuestTest(sshd)
{
    private const string Socket = "egress.sock";

    /// <summary>Says who is there, and shows what comes back.</summary>
    private const string Ask = "p=${http_proxy#http://}; exec 3<>\"/dev/tcp/${p%:*}/${p#*:}\"; echo hello >&3; read -r answer <&3; echo \"$answer\"";

    [Theory(Timeout = 120_000)]
    [InlineData(LoginShell.Bash)]
    [InlineData(LoginShell.Other)]
    public async Task A_script_finds_the_proxy_in_its_environment_and_reaches_the_socket_by_it(LoginShell loginShell)
    {
        using var listener = Listen();
        var serving = ServeAsync(listener);

        var (exitCode, output) = await RunWithProxyAsync($"{Ask}; env | grep -i _proxy= | sort", loginShell, "db", "198.18.0.0/24", "odd name;x");

        (await serving).Should().Be("hello\n");
        exitCode.Should().Be(0, output);
        var lines = output.TrimEnd('\n').Split('\n');
        lines[0].Should().Be("answer");
        var address = lines.Single(line => line.StartsWith("http_proxy=", StringComparison.Ordinal))["http_proxy=".Length..];
        address.Should().MatchRegex("^http://127\\.0\\.0\\.1:[0-9]+$");
        lines[1..].Should().BeEquivalentTo(
            $"http_proxy={address}", $"https_proxy={address}", $"HTTP_PROXY={address}", $"HTTPS_PROXY={address}", "no_proxy=localhost,127.0.0.1,::1,db,198.18.0.0/24", "NO_PROXY=localhost,127.0.0.1,::1,db,198.18.0.0/24");
    }

    [Fact(Timeout = 120_000)]
    public async Task The_port_is_closed_behind_the_script_and_the_next_script_has_another_proxy()
    {
        using (var listener = Listen())
        {
            var serving = ServeAsync(listener);
            var (_, output) = await RunWithProxyAsync($"{Ask}; echo ${{http_proxy##*:}}", LoginShell.Other);
            await serving;
            var port = output.TrimEnd('\n').Split('\n')[^1];

            (await RunAsync($"exec 3<>/dev/tcp/127.0.0.1/{port} && echo open; env | grep -i _proxy=")).Output.Should().BeEmpty();
        }

        System.IO.File.Delete(Job.Directory.Child(Socket).Value);
        using var next = Listen();
        var again = ServeAsync(next);
        (await RunWithProxyAsync(Ask, LoginShell.Other)).Output.Should().Be("answer\n");
        (await again).Should().Be("hello\n");
    }

    private async Task<(int ExitCode, string Output)> RunWithProxyAsync(string script, LoginShell loginShell, params string[] direct)
    {
        using var output = new MemoryStream();
        var run = await Guest.RunScriptAsync(Job with { LoginShell = loginShell }, StepScript(script) with { Proxy = new ScriptProxy(Socket, direct) }, output, output, NeverDies, Cancellation);
        return (run.Exit.ExitCode, Encoding.UTF8.GetString(output.ToArray()));
    }

    private Socket Listen()
    {
        var listener = new System.Net.Sockets.Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var directory = Environment.CurrentDirectory;
        try
        {
            // The job's directory may be too deep for a socket's path.
            Environment.CurrentDirectory = Job.Directory.Value;
            listener.Bind(new UnixDomainSocketEndPoint(Socket));
        }
        finally
        {
            Environment.CurrentDirectory = directory;
        }

        listener.Listen();
        return listener;
    }

    private static async Task<string> ServeAsync(Socket listener)
    {
        using var client = await listener.AcceptAsync(Cancellation);
        var buffer = new byte[6];
        for (var filled = 0; filled < buffer.Length;)
        {
            filled += await client.ReceiveAsync(buffer.AsMemory(filled), Cancellation);
        }

        await client.SendAsync("answer\n"u8.ToArray(), Cancellation);
        return Encoding.ASCII.GetString(buffer);
    }
}
