using FluentAssertions;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Observing;
using Xunit;

namespace VmExecutor.Core.Tests.Egress;

public sealed class EgressSummaryTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 27, 20, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Counts_of_one_policy_are_added_up_and_what_was_watched_becomes_a_list_that_allows_it()
    {
        List<LedgerEntry> ledger =
        [
            Entry("debian", 1, Watched(new() { ["a.test"] = 2 }, new() { ["b.test"] = 1, ["b.test:443 (192.0.2.1)"] = 4, ["192.0.2.9:5432"] = 1, ["a name with odd characters"] = 1 })),
            Entry("debian", 2, Watched(new() { ["a.test"] = 3 }, new() { ["[2001:db8::1]:53/udp"] = 1, ["192.0.2.8 (icmp)"] = 1 })),
            Entry("debian", 2, Watched([], []) with { Watches = false }),
            Entry("debian", 50, Watched(new() { ["old.test"] = 3 }, [])),
            Entry("alpine", 1, Watched([], new() { ["c.test"] = 1 }) with { Watches = false }),
            Entry("alpine", 1, null),
        ];

        var all = EgressSummary.Of(ledger, null, Now.AddDays(-7));

        all.Select(one => (one.Image, one.Watches, one.Jobs)).Should().Equal(("alpine", false, 1), ("debian", false, 1), ("debian", true, 2));
        all[2].Allowed.Should().Equal(new Dictionary<string, long> { ["a.test"] = 5 });
        all[2].Refused.Should().HaveCount(6);
        all[2].AllowList.Should().Equal("192.0.2.8/32", "192.0.2.9/32:5432", "[2001:db8::1]/128:53/udp", "a.test", "b.test");
        EgressSummary.Of(ledger, "alpine", Now.AddDays(-7)).Should().ContainSingle();
    }

    [Fact]
    public void A_service_that_was_a_VM_counts_for_its_own_image()
    {
        var entry = LedgerEntry.TryParse((Entry("debian", 1, Watched([], new() { ["a.test"] = 1 })) with
        {
            Services = [new LedgerService("vmx-a") { Image = "db", Egress = Watched([], new() { ["b.test"] = 2 }) }, new LedgerService("vmx-b") { Image = "open" }],
        }).ToLine())!;

        EgressSummary.Of([entry], null, Now.AddDays(-7)).Select(one => (one.Image, one.Jobs)).Should().Equal(("db", 1), ("debian", 1));
        EgressSummary.Of([entry], "db", Now.AddDays(-7)).Should().ContainSingle().Which.Refused.Should().Equal(new Dictionary<string, long> { ["b.test"] = 2 });
    }

    private static EgressNotes Watched(SortedDictionary<string, long> allowed, SortedDictionary<string, long> refused) => new() { Policy = "debian", Watches = true, Allowed = allowed, Refused = refused };

    private static LedgerEntry Entry(string image, int days, EgressNotes? egress) =>
        LedgerEntry.TryParse(new LedgerEntry { Job = "a", Image = image, Result = "success", RemovedBy = "cleanup", Removed = Now.AddDays(-days), CleanupSeconds = 1, RemovedParts = [], Egress = egress }.ToLine())!;
}
