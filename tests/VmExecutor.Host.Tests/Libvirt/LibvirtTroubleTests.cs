using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Libvirt;

/// <summary>A daemon that is not there, does not answer, or goes away.</summary>
public sealed class LibvirtTroubleTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task A_daemon_that_does_not_answer_is_left_after_the_time_limit()
    {
        Prerequisite.LibvirtLibrary();
        await using var daemon = new DaemonStandIn { Mute = true };
        using var hypervisor = new LibvirtHypervisor(daemon.Uri, TimeSpan.FromSeconds(1), TimeProvider.System);
        var list = () => hypervisor.ListDomainsAsync(Token);
        var failure = (await list.Should().ThrowAsync<HypervisorTimeoutException>()).Which;
        failure.Code.Should().Be(ErrorCodes.HypervisorCallTimedOut);
        failure.Limit.Should().Be(TimeSpan.FromSeconds(1));
        failure.Message.Should().Be($"libvirt at {daemon.Uri} was asked to open a connection and did not answer within 1 s");
        failure.Hint.Should().Contain("virsh -c").And.Contain("restart the libvirt daemon");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_connection_that_stops_answering_is_left_and_the_next_call_opens_another()
    {
        Prerequisite.Libvirt();
        await using var daemon = new DaemonStandIn();
        var clock = new FakeTimeProvider();
        using var hypervisor = new LibvirtHypervisor(daemon.Uri, TimeSpan.FromSeconds(2), clock);
        await hypervisor.ListDomainsAsync(Token);
        daemon.Mute = true;
        var find = () => clock.RunAsync(hypervisor.FindStatusAsync("nobody", Token));
        (await find.Should().ThrowAsync<HypervisorTimeoutException>()).Which.Call.Should().Be("for the state of 'nobody'");

        daemon.Mute = false;
        (await hypervisor.FindStatusAsync("nobody", Token)).Should().BeNull();
        daemon.Connections.Should().Be(2);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_cancelled_call_returns_at_once_though_the_daemon_does_not_answer()
    {
        Prerequisite.LibvirtLibrary();
        await using var daemon = new DaemonStandIn { Mute = true };
        using var hypervisor = new LibvirtHypervisor(daemon.Uri, TimeSpan.FromMinutes(10), TimeProvider.System);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var call = hypervisor.ListDomainsAsync(cancel.Token);
        var waiting = hypervisor.ListDomainsAsync(cancel.Token);
        await daemon.Connected;
        await cancel.CancelAsync();
        await FluentActions.Awaiting(() => call).Should().ThrowAsync<OperationCanceledException>();
        await FluentActions.Awaiting(() => waiting).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_lost_connection_is_opened_again()
    {
        Prerequisite.Libvirt();
        await using var daemon = new DaemonStandIn();
        using var hypervisor = new LibvirtHypervisor(daemon.Uri, TimeSpan.FromMinutes(10), TimeProvider.System);
        using var domain = new TestDomain();
        await hypervisor.CreateTransientAsync(domain.Xml, paused: true, Token);

        daemon.Cut();
        (await hypervisor.FindStatusAsync(domain.Name, Token))!.State.Should().Be(DomainState.Paused);
        daemon.Cut();
        (await hypervisor.SendMonitorCommandAsync(domain.Name, "info status", Token)).Should().Contain("paused");
        daemon.Cut();
        (await hypervisor.DestroyAsync(domain.Name, Token)).Should().BeTrue();
        daemon.Connections.Should().Be(4);
        Virsh.Domains().Should().NotContain(domain.Name);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_daemon_that_is_not_there_is_asked_for_some_time_and_then_reported()
    {
        Prerequisite.LibvirtLibrary();
        var failure = await FailureToOpenAsync("qemu+unix:///system?socket=/nonexistent/libvirt-sock");
        failure.Code.Should().Be(ErrorCodes.HypervisorUnreachable);
        failure.Error.Should().BeEquivalentTo(new
        {
            Number = LibvirtErrorNumber.SystemError,
            Domain = LibvirtErrorDomain.Rpc,
            Message = "Failed to connect socket to '/nonexistent/libvirt-sock': No such file or directory",
            SystemError = 2,
        });
        failure.Hint.Should().StartWith("Start the libvirt daemon: systemctl start libvirtd");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_daemon_that_comes_back_in_time_is_found()
    {
        Prerequisite.Libvirt();
        await using var daemon = new DaemonStandIn(listening: false);
        var time = new WatchedTime(wait =>
        {
            // The first wait between two attempts; the call's own time limit is longer.
            if (wait < TimeSpan.FromSeconds(50) && !daemon.IsListening)
            {
                daemon.Listen();
            }
        });
        using var hypervisor = new LibvirtHypervisor(daemon.Uri, TimeSpan.FromSeconds(50), time);
        (await hypervisor.FindStatusAsync("nobody", Token)).Should().BeNull();
        daemon.IsListening.Should().BeTrue();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("qemu+tcp://no-such-host.invalid/system", "Correct the host")]
    [InlineData("qemu+tcp://127.0.0.1:1/system", "Start the libvirt daemon on the remote host")]
    [InlineData("nonsense:///system", "it looks like qemu:///system")]
    public async Task A_URI_that_leads_nowhere_is_reported_with_what_to_do(string uri, string hint)
    {
        Prerequisite.LibvirtLibrary();
        var failure = await FailureToOpenAsync(uri);
        failure.Code.Should().Be(ErrorCodes.HypervisorUnreachable);
        failure.Message.Should().Contain(uri);
        failure.Hint.Should().Contain(hint);
    }

    [Fact]
    public void A_socket_we_may_not_use_names_the_group()
    {
        var failure = new LibvirtError(LibvirtErrorNumber.SystemError, LibvirtErrorDomain.Rpc, LibvirtErrorLevel.Error, "Failed to connect socket", 13);
        LibvirtHint.ForOpening("qemu:///system", failure).Should().Contain("group libvirt");
        failure.IsNobodyListening.Should().BeFalse();
    }

    private static async Task<LibvirtException> FailureToOpenAsync(string uri)
    {
        using var hypervisor = new LibvirtHypervisor(uri, TimeSpan.FromHours(1), new HurriedTime());
        var list = () => hypervisor.ListDomainsAsync(Token);
        return (await list.Should().ThrowAsync<LibvirtException>()).Which;
    }
}
