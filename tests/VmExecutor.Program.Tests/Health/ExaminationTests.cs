using FluentAssertions;
using VmExecutor.Core.Diagnosis;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Health;
using Xunit;

namespace VmExecutor.Program.Tests.Health;

public sealed class ExaminationTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    [Fact(Timeout = 60_000)]
    public async Task Whatever_one_check_does_the_others_report()
    {
        using var never = new ManualResetEventSlim();
        HealthCheck[] checks =
        [
            new(Checks.Clock, () => Checks.Clock.Ok("fine")),
            new(Checks.Kvm, _ => Task.FromException<Finding>(new InvalidOperationException("a bug"))),
            new(Checks.Memory, new Func<Finding>(() => throw new InvalidOperationException("a bug at once"))),
            new(Checks.Libvirt, _ => Task.FromException<Finding>(new SystemFailureException(ErrorCodes.HypervisorUnreachable, "no libvirt", "Start it."))),

            // One that hangs and never looks at its token, and one that ends when it is told to.
            new(Checks.Ssh, Soon, token => { never.Wait(CancellationToken.None); return Task.FromResult<IReadOnlyList<Finding>>([]); }),
            new(Checks.Qemu, Soon, async token => { await Task.Delay(Timeout.InfiniteTimeSpan, token); return []; }),
            new(Checks.Leftovers, () => [Checks.Leftovers.Ok("1"), Checks.Leftovers.Warning("2", "f")]),
        ];

        var diagnosis = await new Examination(TimeProvider.System, () => new HostPressure()).RunAsync(checks, CancellationToken.None);
        never.Set();

        var found = diagnosis.Findings.ToLookup(finding => finding.Check.Id);
        found["clock"].Single().Status.Should().Be(CheckStatus.Ok);
        found["kvm"].Single().Should().Match<Finding>(finding => finding.Status == CheckStatus.Problem && finding.Found.Contains("VMX1903") && finding.Found.Contains("a bug"));
        found["memory"].Single().Found.Should().Contain("a bug at once");
        found["libvirt"].Single().Should().Match<Finding>(finding => finding.Found == "no libvirt (VMX1301)" && finding.Fix == "Start it.");
        found["ssh"].Single().Found.Should().Contain("did not end within");
        found["qemu"].Single().Found.Should().Contain("did not end within");
        found["leftovers"].Should().HaveCount(2);
        diagnosis.Worst.Should().Be(CheckStatus.Problem);
    }

    [Fact(Timeout = 60_000)]
    public async Task On_a_busy_host_a_check_that_does_not_end_is_a_warning_with_the_load()
    {
        HealthCheck[] checks = [new(Checks.Qemu, Soon, async token => { await Task.Delay(Timeout.InfiniteTimeSpan, token); return []; })];

        var diagnosis = await new Examination(TimeProvider.System, () => new HostPressure { Cpus = 2, Load = 18.3, CpuStalled = 90 }).RunAsync(checks, CancellationToken.None);

        diagnosis.Findings.Single().Should().Match<Finding>(finding => finding.Status == CheckStatus.Warning && finding.Found.Contains("load is 18.3 on 2 processors"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_cancel_ends_all_of_it()
    {
        using var cancel = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        HealthCheck[] checks = [new(Checks.Qemu, async token => { begun.SetResult(); await Task.Delay(Timeout.InfiniteTimeSpan, token); return Checks.Qemu.Ok("never"); })];

        var running = new Examination(TimeProvider.System).RunAsync(checks, cancel.Token);
        await begun.Task;
        await cancel.CancelAsync();

        await running.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
    }

    [Theory]
    [InlineData(CheckStatus.Ok, 0)]
    [InlineData(CheckStatus.Skipped, 0)]
    [InlineData(CheckStatus.Warning, 1)]
    [InlineData(CheckStatus.Problem, 2)]
    public void The_exit_code_is_the_worst_status(CheckStatus worst, int code) => ExitCodes.For(worst).Should().Be(code);
}
