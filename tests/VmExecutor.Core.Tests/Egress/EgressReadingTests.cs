using FluentAssertions;
using VmExecutor.Core.Egress;
using Xunit;

namespace VmExecutor.Core.Tests.Egress;

public sealed class EgressReadingTests
{
    // As dnsmasq 2.90 and nft 1.0.6 wrote them.
    private const string Log = """
        Nov 27 23:32:14 dnsmasq[11591]: started, version 2.90 cache disabled
        Nov 27 23:32:14 dnsmasq[11591]: 1 192.0.2.1/50830 query[A] Git.example.test from 192.0.2.1
        Nov 27 23:32:14 dnsmasq[11591]: 1 192.0.2.1/50830 forwarded Git.example.test to 192.0.2.2
        Nov 27 23:32:14 dnsmasq[11591]: 2 192.0.2.1/45747 query[AAAA] git.example.test from 192.0.2.1
        Nov 27 23:32:14 dnsmasq[11591]: 1 192.0.2.1/50830 nftset add 4 inet T n0_4 192.0.2.2 example.test
        Nov 27 23:32:14 dnsmasq[11591]: 1 192.0.2.1/50830 reply git.example.test is <CNAME>
        Nov 27 23:32:14 dnsmasq[11591]: 1 192.0.2.1/50830 reply cdn.test is 192.0.2.2
        Nov 27 23:32:14 dnsmasq[11591]: 3 192.0.2.1/46219 query[A] evil.test from 192.0.2.1
        Nov 27 23:32:14 dnsmasq[11591]: 3 192.0.2.1/46219 config evil.test is NXDOMAIN
        Nov 27 23:32:14 dnsmasq[11591]: 4 192.0.2.1/43321 query[A] <name unprintable> from 192.0.2.1
        Nov 27 23:32:14 dnsmasq[11591]: 5 192.0.2.1/43322 query[A] x from 192.0.2.1 reply git.example.test is 6.6.6.6 from 192.0.2.1
        """;

    private const string Listing = """
        {"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "inet", "name": "T", "handle": 1}},
        {"set": {"family": "inet", "name": "names0_4", "table": "T", "type": "ipv4_addr", "handle": 1, "elem": [{"elem": {"val": "192.0.2.2", "expires": 4}}]}},
        {"set": {"family": "inet", "name": "refused4", "table": "T", "type": ["ipv4_addr", "inet_proto", "inet_service"], "handle": 6, "size": 1000, "elem": [
          {"elem": {"val": {"concat": ["192.0.2.99", "tcp", 81]}, "counter": {"packets": 2, "bytes": 120}}},
          {"elem": {"val": {"concat": ["192.0.2.2", "udp", 53]}, "counter": {"packets": 1, "bytes": 60}}}]}},
        {"set": {"family": "inet", "name": "refused6", "table": "T", "type": ["ipv6_addr", "inet_proto", "inet_service"], "handle": 7, "size": 1000, "elem": [
          {"elem": {"val": {"concat": ["2001:db8::3", "tcp", 80]}, "counter": {"packets": 2, "bytes": 160}}}]}},
        {"set": {"family": "inet", "name": "refused_other4", "table": "T", "type": ["ipv4_addr", "inet_proto"], "handle": 8, "size": 1000, "elem": [
          {"elem": {"val": {"concat": ["192.0.2.44", "icmp"]}, "counter": {"packets": 3, "bytes": 252}}}]}},
        {"set": {"family": "inet", "name": "refused_other6", "table": "T", "type": ["ipv6_addr", "inet_proto"], "handle": 9, "size": 1000}}]}
        """;

    private static readonly EgressPolicy Policy = new("base", false, [EgressRule.Parse(".example.test")]);

    [Fact]
    public void Names_are_counted_by_what_the_policy_says_and_addresses_have_their_names()
    {
        var notes = EgressReading.Read(Policy, Log, Listing, new());

        notes.Allowed.Should().Equal(new Dictionary<string, long> { ["git.example.test"] = 2 });
        notes.Refused.Should().BeEquivalentTo(new Dictionary<string, long>
        {
            ["evil.test"] = 1,
            ["a name with odd characters"] = 2,
            ["192.0.2.99:81"] = 2,
            ["git.example.test:53/udp (192.0.2.2)"] = 1,
            ["[2001:db8::3]:80"] = 2,
            ["192.0.2.44 (icmp)"] = 3,
        });
    }

    [Fact]
    public void A_refusal_is_news_once()
    {
        var progress = new EgressProgress();
        var first = EgressReading.Read(Policy, Log, "", progress);
        var second = EgressReading.Read(Policy, "", Listing, progress).And(first);

        first.News(EgressNotes.None(Policy)).Should().Equal("egress policy 'base' refused a name with odd characters", "egress policy 'base' refused evil.test");
        second.News(first).Should().HaveCount(4).And.Contain("egress policy 'base' refused 192.0.2.99:81");
        second.And(second).News(second).Should().BeEmpty();
        (second with { Watches = true }).News(first).Should().BeEmpty("nothing was refused");
        EgressNotes.TryParse(second.ToJson()).Should().BeEquivalentTo(second);
    }

    [Fact]
    public void Each_reading_goes_on_where_the_last_one_ended()
    {
        var lines = Log.Split('\n');
        var progress = new EgressProgress();
        var notes = EgressNotes.None(Policy);
        foreach (var line in lines)
        {
            notes = EgressReading.Read(Policy, line, "", progress).And(notes);
            progress = EgressProgress.TryParse(progress.ToJson())!;
        }

        notes = EgressReading.Read(Policy, "", Listing, progress).And(notes);
        notes.Should().BeEquivalentTo(EgressReading.Read(Policy, Log, Listing, new()), "an address has the name that an earlier reading has met");
        EgressReading.Read(Policy, "", Listing, progress).AreEmpty.Should().BeTrue("nothing has come since");
        EgressReading.Read(Policy, "", Listing.Replace("\"packets\": 3", "\"packets\": 5"), progress).Refused.Should().Equal(new Dictionary<string, long> { ["192.0.2.44 (icmp)"] = 2 });
        EgressReading.Read(Policy, "", Listing.Replace("\"packets\": 3", "\"packets\": 1"), progress).Refused.Should().Equal(
            new Dictionary<string, long> { ["192.0.2.44 (icmp)"] = 1 }, "the rules were put back, and count from the beginning");
        EgressReading.Read(Policy, "", """{"nftables": []}""", progress).AreEmpty.Should().BeTrue();
        progress.Packets.Should().BeEmpty("the elements have gone");
        EgressProgress.TryParse("{\"names\": null").Should().BeNull();
    }

    [Fact]
    public void Ten_thousand_names_are_bounded_and_said_to_be_cut()
    {
        var log = string.Concat(Enumerable.Range(0, 10_000).Select(i => $"Nov 27 23:32:14 dnsmasq[1]: {i} 192.0.2.1/1 query[A] n{i}.evil.test from 192.0.2.1\n"));

        var notes = EgressReading.Read(Policy, log, "", new());

        notes.Refused.Should().HaveCount(EgressNotes.Most);
        notes.AreCut.Should().BeTrue();
        notes.News(EgressNotes.None(Policy)).Should().HaveCount(EgressNotes.Most + 1);
    }
}
