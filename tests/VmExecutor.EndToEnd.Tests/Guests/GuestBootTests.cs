using VmExecutor.EndToEnd.Tests.Benches;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>Guests of the matrix that boot in other ways, and from other disks.</summary>
[AlwaysCold(BecauseOtherGuests)]
public sealed class GuestBootTests(TestMachine machine, SmallGuestStart smallGuest) : GuestMatrixTest(machine, smallGuest)
{
    public static IEnumerable<TheoryDataRow<string>> Guests() => Group("boot");

    [Theory(Timeout = LongHangLimit)]
    [MemberData(nameof(Guests))]
    public Task A_guest_is_published_runs_jobs_that_can_be_cancelled_and_is_cloned(string variant) => RunAsync(variant);
}
