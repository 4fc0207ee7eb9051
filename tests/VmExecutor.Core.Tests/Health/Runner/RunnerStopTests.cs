using FluentAssertions;
using VmExecutor.Core.Health;
using VmExecutor.Core.Health.Runner;
using Xunit;

namespace VmExecutor.Core.Tests.Health.Runner;

public sealed class RunnerStopTests
{
    [Theory]
    [InlineData("KillMode=control-group\nKillSignal=3\nLoadState=loaded\n", CheckStatus.Warning, "KillMode=control-group")]
    [InlineData("KillSignal=3\nLoadState=loaded\n", CheckStatus.Warning, "KillMode=control-group")]
    [InlineData("KillMode=mixed\nKillSignal=3\nLoadState=loaded\n", CheckStatus.Ok, "waits for its jobs")]
    [InlineData("LoadState=loaded\nKillSignal=3\nKillMode=process\n", CheckStatus.Ok, "waits for its jobs")]
    [InlineData("KillMode=control-group\nKillSignal=15\nLoadState=loaded\n", CheckStatus.Ok, "no SIGQUIT")]
    [InlineData("KillMode=control-group\nKillSignal=15\nLoadState=not-found\n", CheckStatus.Skipped, "gitlab-runner.service")]
    [InlineData("", CheckStatus.Skipped, "gitlab-runner.service")]
    public void A_stop_that_is_to_wait_for_the_jobs_must_not_signal_their_stages(string shown, CheckStatus status, string found)
    {
        var finding = RunnerRules.DecideStop(shown);

        finding.Status.Should().Be(status);
        finding.Found.Should().Contain(found);
        (finding.Fix?.Contains("KillMode=mixed", StringComparison.Ordinal) ?? false).Should().Be(status == CheckStatus.Warning);
    }
}
