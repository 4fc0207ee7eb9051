using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Hypervisor;

/// <summary>The daemon is restarted while QEMU is told to forward a port.</summary>
public sealed class PortForwardTests : IDisposable
{
    private const string Add = "monitor guest hostfwd_add tcp:127.0.0.1:0-:22";
    private readonly FakeHypervisor _hypervisor = new() { Domains = { ["guest"] = "<domain/>" } };

    public void Dispose() => _hypervisor.Dispose();

    [Theory(Timeout = 60_000)]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task A_forward_whose_answer_was_lost_is_looked_for_before_it_is_asked_for_again(bool done, int requests)
    {
        var lost = false;
        _hypervisor.Before = call =>
        {
            if (call == Add && !lost)
            {
                lost = true;
                _hypervisor.Forwarded = done;
                throw FakeHypervisor.Loss();
            }
        };

        (await FindAsync()).Should().Be(("127.0.0.1", 40643));

        _hypervisor.Calls.Count(call => call == Add).Should().Be(requests);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_daemon_that_is_lost_each_time_is_given_up()
    {
        _hypervisor.Before = _ => throw FakeHypervisor.Loss();

        await FluentActions.Awaiting(FindAsync).Should().ThrowAsync<HypervisorException>();
    }

    private Task<(string Host, int Port)> FindAsync() =>
        new GuestAddressFinder(_hypervisor, new DomainWatch(_hypervisor, "guest", new AbsolutePath("/nonexistent/console.log"), TimeProvider.System), TimeProvider.System)
            .FindAsync("guest", new MacAddress([1, 2, 3]), new NetworkSettings(), false, 22, TimeSpan.FromSeconds(30), CancellationToken.None);
}
