using VmExecutor.EndToEnd.Tests.Benches;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>Guests of the matrix that set up their network by other programs.</summary>
[AlwaysCold(BecauseOtherGuests)]
public sealed class GuestNetworkTests(TestMachine machine, SmallGuestStart smallGuest) : GuestMatrixTest(machine, smallGuest)
{
    public static IEnumerable<TheoryDataRow<string>> Guests() => Group("network");

    [Theory(Timeout = LongHangLimit)]
    [MemberData(nameof(Guests))]
    public Task A_guest_is_published_runs_jobs_that_can_be_cancelled_and_is_cloned(string variant) => RunAsync(variant);
}
