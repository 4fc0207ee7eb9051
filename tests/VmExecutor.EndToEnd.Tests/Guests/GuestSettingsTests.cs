using VmExecutor.EndToEnd.Tests.Benches;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Guests;

/// <summary>Guests of the matrix that have other settings of their own.</summary>
[AlwaysCold(BecauseOtherGuests)]
public sealed class GuestSettingsTests(TestMachine machine, SmallGuestStart smallGuest) : GuestMatrixTest(machine, smallGuest)
{
    public static IEnumerable<TheoryDataRow<string>> Guests() => Group("settings");

    [Theory(Timeout = LongHangLimit)]
    [MemberData(nameof(Guests))]
    public Task A_guest_is_published_runs_jobs_that_can_be_cancelled_and_is_cloned(string variant) => RunAsync(variant);
}
