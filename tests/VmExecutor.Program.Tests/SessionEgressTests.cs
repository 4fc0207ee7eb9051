using System.Net.Sockets;
using System.Text;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Program.Tests.Faults;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>A job with an egress policy under an ordinary user's libvirt: its VM's only way out is the proxy of each script.</summary>
public sealed class SessionEgressTests : IDisposable
{
    private const string Restricted = "card: index=0,type=nic\r\n \\ vmx-restricted: index=0,type=user,net=10.0.2.0,restrict=on\r\n";

    private readonly StageWorld _world = new() { Egress = new EgressPolicy("base", false, [EgressRule.Parse(".example.test")]) };
    private readonly List<string> _calls = [];

    public SessionEgressTests()
    {
        (_world.Hypervisor.Uri, _world.Hypervisor.Networks) = (LibvirtUri.Session, Restricted);
        _world.Gate = (call, after, _) =>
        {
            if (!after)
            {
                _calls.Add(call);
            }

            return Task.CompletedTask;
        };
    }

    public void Dispose() => _world.Dispose();

    [Theory(Timeout = 60_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_vm_is_started_with_a_card_that_leads_nowhere_and_the_job_log_says_so(bool isWarm)
    {
        if (isWarm)
        {
            await _world.WarmAsync();
        }

        await _world.PrepareAsync();

        _world.Hypervisor.Domains.Should().ContainSingle().Which.Value.Should().Contain("user,id=vmx-restricted,restrict=on,ipv6=off").And.Contain("name=\"netdev\"");
        _calls.Should().ContainSingle(call => call.Contains("hostfwd_add", StringComparison.Ordinal)).Which.Should().Contain("hostfwd_add vmx-restricted tcp:127.0.0.1:0-:22");
        _world.Log.ToString().Should().Contain("Egress policy 'base' in session mode: only programs that use the proxy").And.NotContain("can reach services of this host").And.Contain(isWarm ? ", warm (" : ", cold (");
        _world.JobDirectory.Read()!.Egress!.ByProxy.Should().BeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_vm_without_a_policy_has_the_card_that_libvirt_gives_it()
    {
        _world.Egress = null;

        await _world.PrepareAsync();

        _world.Hypervisor.Domains.Should().ContainSingle().Which.Value.Should().NotContain("restrict");
        _calls.Should().ContainSingle(call => call.Contains("hostfwd_add tcp:127.0.0.1:0-:22", StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_vm_whose_card_is_connected_otherwise_fails_its_job_and_is_removed()
    {
        _world.Hypervisor.Networks = Restricted.Replace("restrict=on", "restrict=off", StringComparison.Ordinal);

        var prepare = () => _world.PrepareAsync();

        (await prepare.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.EgressImpossible);
        _world.Left().Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_policy_that_only_watches_is_refused()
    {
        _world.Egress = _world.Egress! with { Watches = true };

        var prepare = () => _world.PrepareAsync();

        var failure = (await prepare.Should().ThrowAsync<SystemFailureException>()).Which;
        (failure.Code, failure.Message).Should().Match<(ErrorCode Code, string Message)>(it => it.Code == ErrorCodes.EgressImpossible && it.Message.Contains("mode: watch"));
        _world.Left().Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_script_has_a_proxy_and_its_refusals_are_told_once_per_job()
    {
        await _world.PrepareAsync();
        var socket = _world.JobDirectory.Paths.EgressSocket.Value;
        List<string> answers = [];
        _world.GuestShell.Script = async (_, _) =>
        {
            answers.Add(await AskAsync(socket, "CONNECT evil.test:443 HTTP/1.1\r\n\r\n"));
            return new ScriptExit(0);
        };

        await _world.RunScriptAsync();
        await _world.RunScriptAsync();

        answers.Should().HaveCount(2).And.OnlyContain(answer => answer.StartsWith("HTTP/1.1 403 ", StringComparison.Ordinal));
        _world.Log.ToString().Split('\n').Where(line => line.Contains("refused evil.test", StringComparison.Ordinal)).Should().ContainSingle().Which.Should().Contain("WARNING: egress policy 'base' refused evil.test");
        _world.JobDirectory.ReadEgress()!.Refused.Should().Contain("evil.test", 2);
        File.Exists(socket).Should().BeFalse();
        await _world.CleanupAsync();
        _world.Left().Should().BeEmpty();
        _world.Ledger().Should().ContainSingle().Which.Egress!.Refused.Should().Contain("evil.test", 2);
    }

    private static async Task<string> AskAsync(string socket, string text)
    {
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(socket));
        await client.SendAsync(Encoding.ASCII.GetBytes(text));
        var buffer = new byte[4000];
        var count = 0;
        while (await client.ReceiveAsync(buffer.AsMemory(count)) is > 0 and var read)
        {
            count += read;
        }

        return Encoding.ASCII.GetString(buffer, 0, count);
    }
}
