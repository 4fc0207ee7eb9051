using FluentAssertions;
using VmExecutor.Core.Diagnosis;
using VmExecutor.Core.Health;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class UnendedCheckTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(50);

    [Theory]
    [InlineData(18.31, 95.0, "could not be looked at in 50s; load is 18.3 on 2 processors")]
    [InlineData(0.4, 0.0, "could not be looked at in 50s; load is 0.4 on 2 processors")]
    [InlineData(null, null, "could not be looked at in 50s")]
    public void A_trial_that_does_not_end_is_a_warning_with_the_load(double? load, double? stalled, string found)
    {
        var finding = UnendedCheck.Decide(Checks.Kvm, Limit, Host(load, stalled), isTrial: true);

        (finding.Status, finding.Found).Should().Be((CheckStatus.Warning, found));
        finding.Fix.Should().StartWith("vm-executor doctor");
    }

    [Theory]
    [InlineData(4.0, 50.0, CheckStatus.Warning)]
    [InlineData(30.0, 99.0, CheckStatus.Warning)]
    [InlineData(3.9, 99.0, CheckStatus.Problem)]
    [InlineData(30.0, 3.0, CheckStatus.Problem)]
    [InlineData(30.0, null, CheckStatus.Problem)]
    [InlineData(null, null, CheckStatus.Problem)]
    public void Another_check_is_a_problem_unless_processes_wait_for_processors(double? load, double? stalled, CheckStatus status)
    {
        var finding = UnendedCheck.Decide(Checks.StateDir, Limit, Host(load, stalled), isTrial: false);

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain("50s");
        if (load is not null)
        {
            finding.Found.Should().Contain("load is");
        }
    }

    private static HostPressure Host(double? load, double? stalled) => new() { Cpus = 2, Load = load, CpuStalled = stalled };
}
