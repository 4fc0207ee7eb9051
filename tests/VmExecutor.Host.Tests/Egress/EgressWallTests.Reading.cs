using FluentAssertions;
using VmExecutor.Core.Egress;
using Xunit;

namespace VmExecutor.Host.Tests.Egress;

public sealed partial class EgressWallTests
{
    [Fact(Timeout = 180_000)]
    public async Task Refusals_are_read_by_name_or_by_address_and_port()
    {
        var policy = Policy("only.test:8000", ".example.test");
        await Wall().PutUpAsync(policy, new(Guest), default);
        _network.Ask(Guest.Id, "other.test");
        _network.Ask(Guest.Id, "git.example.test");
        _network.Ask(Guest.Id, "only.test");
        _network.Reaches(Guest.Id, "192.0.2.4", 8001);
        _network.Reaches(Guest.Id, "192.0.2.4", protocol: "icmp");
        _network.Reaches(Guest.Id, "2001:db8::3", 8000, "udp");
        _network.Reaches(Guest.Id, Other, 8001);

        var notes = await Wall().ReadAsync(policy, Guest, default);

        notes.Allowed.Keys.Should().Equal("git.example.test", "only.test");
        notes.Refused.Keys.Should().BeEquivalentTo("other.test", "192.0.2.4:8001", "192.0.2.4 (icmp)", "[2001:db8::3]:8000/udp", "only.test:8001 (192.0.2.3)");
    }

    [Fact(Timeout = 180_000)]
    public async Task A_reading_goes_on_where_the_last_one_ended_and_begins_anew_with_a_new_log()
    {
        var policy = Policy(".example.test");
        await Wall().PutUpAsync(policy, new(Guest), default);
        _network.Ask(Guest.Id, "other.test");
        _network.Ask(Guest.Id, "git.example.test");
        (await Wall().ReadAsync(policy, Guest, default)).Refused.Should().Equal(new Dictionary<string, long> { ["other.test"] = 1 });

        _network.Ask(Guest.Id, "cdn.test");
        _network.Reaches(Guest.Id, Git);
        _network.Host($"nft flush set inet {new EgressPlace(Guest).Table} names0_4");
        _network.Reaches(Guest.Id, Git, 8001).Should().BeFalse();
        (await Wall().ReadAsync(policy, Guest, default)).Refused.Keys.Should().BeEquivalentTo(["cdn.test", "git.example.test:8001 (192.0.2.2)"], "what was read before is not read again, and its names are known");

        File.Delete($"{_network.Home}/egress/{Guest.Name}.log");
        _network.EndServers();
        await Wall().EnsureAsync(policy, new(Guest), default);
        _network.Ask(Guest.Id, "other.test");
        (await Wall().ReadAsync(policy, Guest, default)).Refused.Should().Equal(new Dictionary<string, long> { ["other.test"] = 1 });
        (await Wall().ReadAsync(policy, Guest, new CancellationToken(canceled: false))).AreEmpty.Should().BeTrue();
    }

    [Fact(Timeout = 180_000)]
    public async Task A_refusal_after_the_rules_were_put_back_is_counted_beside_those_before()
    {
        var policy = Policy(".example.test");
        await Wall().PutUpAsync(policy, new(Guest), default);
        _network.Reaches(Guest.Id, "192.0.2.4", 8001).Should().BeFalse();
        var before = await Wall().ReadAsync(policy, Guest, default);

        _network.Host($"nft delete table inet {new EgressPlace(Guest).Table}");
        await Wall().EnsureAsync(policy, new(Guest), default);
        _network.Reaches(Guest.Id, "192.0.2.4", 8001).Should().BeFalse();
        var after = await Wall().ReadAsync(policy, Guest, default);

        after.Refused.Should().Equal(before.Refused);
        after.Refused.Keys.Should().Equal("192.0.2.4:8001");
    }

    [Fact(Timeout = 180_000)]
    public async Task A_policy_that_watches_refuses_nothing_and_notes_what_it_would_refuse()
    {
        var policy = Policy(".example.test") with { Watches = true };
        await Wall().PutUpAsync(policy, new(Guest), default);

        _network.Ask(Guest.Id, "git.example.test").Should().Be("yes");
        _network.Ask(Guest.Id, "other.test").Should().Be("yes");
        _network.Reaches(Guest.Id, Git).Should().BeTrue();
        _network.Reaches(Guest.Id, Other).Should().BeTrue();
        _network.Reaches(Guest.Id, "192.0.2.4", protocol: "udp").Should().BeTrue();

        var notes = await Wall().ReadAsync(policy, Guest, default);
        notes.Allowed.Keys.Should().Equal("git.example.test");
        notes.Refused.Keys.Should().BeEquivalentTo("other.test", "other.test:8000 (192.0.2.3)", "192.0.2.4:8000/udp");
    }
}
