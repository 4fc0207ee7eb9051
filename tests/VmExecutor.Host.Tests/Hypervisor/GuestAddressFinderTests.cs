using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Hypervisor;

public sealed class GuestAddressFinderTests : IDisposable
{
    private static readonly MacAddress Card = new([1, 2, 3]);

    // The manual clock runs on while an answer is being worked at; a test that is not about the limit must not come near it.
    private static readonly TimeSpan Ample = TimeSpan.FromDays(1);

    private readonly FakeTimeProvider _time = new(TestPlan.Now);
    private readonly FakeHypervisor _hypervisor = new() { Domains = { ["guest"] = "<domain/>" } };

    public void Dispose() => _hypervisor.Dispose();

    [Theory(Timeout = 60_000)]
    [InlineData(AddressSource.Lease)]
    [InlineData(AddressSource.Agent)]
    [InlineData(AddressSource.Arp)]
    public async Task The_first_source_that_knows_the_address_is_the_last_one_asked(AddressSource first)
    {
        AddressSource[] order = [AddressSource.Lease, AddressSource.Agent, AddressSource.Arp];
        var asked = order.TakeWhile(source => source != first).Append(first);
        foreach (var source in order.SkipWhile(source => source != first))
        {
            _hypervisor.Addresses[source] = Known($"10.0.0.{(int)source}");
        }

        var (host, port) = await FindAsync();

        host.Should().Be($"10.0.0.{(int)first}");
        port.Should().Be(2222);
        _hypervisor.Calls.Should().Equal(asked.Select(source => $"addresses guest {source}").Prepend("status guest"));
    }

    [Fact(Timeout = 60_000)]
    public async Task All_sources_are_asked_again_until_one_knows_the_address()
    {
        _hypervisor.Before = call =>
        {
            if (call == "addresses guest Arp" && Rounds() == 3)
            {
                _hypervisor.Addresses[AddressSource.Lease] = Known("10.0.0.7");
            }
        };
        var started = _time.GetUtcNow();

        (await FindAsync()).Host.Should().Be("10.0.0.7");

        Rounds().Should().Be(4);
        (_time.GetUtcNow() - started).Should().BeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(600));
    }

    [Fact(Timeout = 60_000)]
    public async Task Addresses_that_are_not_the_connected_cards_are_not_taken()
    {
        // The agent tells of every interface in the guest, such as the bridge of a container engine's, and the host may have the same.
        _hypervisor.Addresses[AddressSource.Agent] = new CardAddress("02:42:ac:11:00:01", "172.17.0.1");
        _hypervisor.Addresses[AddressSource.Arp] = new CardAddress(Card.Value.ToUpperInvariant(), "10.0.0.7");

        (await FindAsync()).Host.Should().Be("10.0.0.7");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_guest_that_gets_no_address_is_waited_for_as_long_as_allowed_and_the_error_names_the_network()
    {
        var limit = TimeSpan.FromMinutes(3);
        var started = _time.GetUtcNow();
        var lastAsked = started;
        _hypervisor.Before = _ => lastAsked = _time.GetUtcNow();

        var find = () => FindAsync(limit);

        var failure = (await find.Should().ThrowAsync<HypervisorException>()).Which;
        failure.Code.Should().Be(ErrorCodes.GuestAddressUnknown);
        failure.Message.Should().Contain("guest").And.Contain("'jobs'").And.Contain("after 3m");
        failure.Hint.Should().Contain("virsh -c fake:/// net-dhcp-leases jobs");
        (_time.GetUtcNow() - started).Should().BeGreaterThanOrEqualTo(limit);
        (lastAsked - started).Should().BeLessThan(limit + TimeSpan.FromSeconds(5));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_guest_that_dies_ends_the_wait()
    {
        _hypervisor.Before = call =>
        {
            if (call == "addresses guest Arp" && Rounds() == 2)
            {
                _hypervisor.Domains.Clear();
            }
        };

        var find = () => FindAsync();

        await find.Should().ThrowAsync<GuestDiedException>();
        Rounds().Should().Be(3);
    }

    [Fact(Timeout = 60_000)]
    public async Task Cancelling_ends_the_wait_as_a_cancellation()
    {
        using var cancel = new CancellationTokenSource();
        var finding = Finder().FindAsync("guest", Card, Network(), false, 2222, Ample, cancel.Token);
        await cancel.CancelAsync();

        var find = () => _time.RunAsync(finding);

        await find.Should().ThrowAsync<OperationCanceledException>();
    }

    private int Rounds() => _hypervisor.Calls.Count(call => call == "status guest");

    private Task<(string Host, int Port)> FindAsync(TimeSpan? limit = null) =>
        _time.RunAsync(Finder().FindAsync("guest", Card, Network(), false, 2222, limit ?? Ample, CancellationToken.None));

    private GuestAddressFinder Finder() =>
        new(_hypervisor, new DomainWatch(_hypervisor, "guest", new AbsolutePath("/nonexistent/console.log"), _time), _time);

    private static NetworkSettings Network() => new() { Mode = NetworkMode.Libvirt, Name = "jobs" };

    private static CardAddress Known(string address) => new(Card.Value, address);
}
