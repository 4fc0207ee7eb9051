using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Hypervisor;

public sealed class DomainStopperTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(TestPlan.Now);
    private readonly FakeHypervisor _hypervisor = new() { Domains = { ["guest"] = "<domain/>" } };

    public void Dispose() => _hypervisor.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task A_guest_that_obeys_is_asked_once_and_not_destroyed()
    {
        var off = await _time.RunAsync(Stopper().ShutDownAsync("guest", TimeSpan.FromSeconds(30), CancellationToken.None));

        off.Should().BeTrue();
        _hypervisor.Calls.Should().ContainSingle(call => call == "shutdown guest").And.NotContain("destroy guest");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_guest_that_ignores_the_first_requests_is_asked_again()
    {
        _hypervisor.IgnoredShutdowns = 2;

        var off = await _time.RunAsync(Stopper().ShutDownAsync("guest", TimeSpan.FromSeconds(60), CancellationToken.None));

        off.Should().BeTrue();
        _hypervisor.Calls.Count(call => call == "shutdown guest").Should().Be(3);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_request_that_was_lost_with_the_connection_is_made_again_at_once()
    {
        var asked = 0;
        _hypervisor.Before = call => _ = call == "shutdown guest" && ++asked == 1 ? throw FakeHypervisor.Loss() : 0;

        var off = await _time.RunAsync(Stopper().ShutDownAsync("guest", TimeSpan.FromSeconds(5), CancellationToken.None));

        off.Should().BeTrue("five seconds are over before the second regular request");
        asked.Should().Be(2);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_guest_that_never_obeys_is_waited_for_as_long_as_allowed_and_never_destroyed()
    {
        _hypervisor.IgnoredShutdowns = null;
        var started = _time.GetUtcNow();
        var looked = TimeSpan.Zero;
        _hypervisor.Before = _ => looked = _time.GetUtcNow() - started;

        var off = await _time.RunAsync(Stopper().ShutDownAsync("guest", TimeSpan.FromMinutes(3), CancellationToken.None));

        off.Should().BeFalse();
        looked.Should().BeCloseTo(TimeSpan.FromMinutes(3), TimeSpan.FromSeconds(2));
        _hypervisor.Calls.Count(call => call == "shutdown guest").Should().BeInRange(18, 19, "it is asked every ten seconds");
        _hypervisor.Calls.Should().NotContain("destroy guest");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_domain_that_is_not_there_is_off()
    {
        (await Stopper().ShutDownAsync("nobody", TimeSpan.FromSeconds(1), CancellationToken.None)).Should().BeTrue();
        await Stopper().DestroyAsync("nobody", CancellationToken.None);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_destroyed_domain_that_stays_is_an_error_that_says_what_to_look_at()
    {
        // As if QEMU hung in the kernel: libvirt says yes, the domain stays.
        _hypervisor.Before = call => _hypervisor.Domains["guest"] = "<domain/>";

        var destroy = () => _time.RunAsync(Stopper().DestroyAsync("guest", CancellationToken.None));

        var failure = (await destroy.Should().ThrowAsync<HypervisorException>()).Which;
        failure.Code.Should().Be(ErrorCodes.DomainWouldNotStop);
        failure.Message.Should().Contain("guest");
        failure.Hint.Should().Contain("virsh -c fake:/// destroy guest");
    }

    [Fact(Timeout = 60_000)]
    public async Task Cancelling_ends_the_wait_as_a_cancellation_not_as_a_time_out()
    {
        _hypervisor.IgnoredShutdowns = null;
        using var cancel = new CancellationTokenSource();
        var waiting = Stopper().ShutDownAsync("guest", TimeSpan.FromMinutes(3), cancel.Token);
        await cancel.CancelAsync();

        var wait = () => _time.RunAsync(waiting);

        await wait.Should().ThrowAsync<OperationCanceledException>();
    }

    private DomainStopper Stopper() => new(_hypervisor, _time);
}
