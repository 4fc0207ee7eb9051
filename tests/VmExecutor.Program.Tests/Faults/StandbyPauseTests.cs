using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Standby;
using VmExecutor.Host.Standby;
using Xunit;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>An image whose clones cannot be made is not booted by each fill for ever.</summary>
public sealed class StandbyPauseTests : IDisposable
{
    private const string Stale = "vmx-identity:hostname localhost\nvmx-identity:done\n";
    private readonly StageWorld _world = new() { Standby = new StandbySettings { Count = 1 } };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _world.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task After_three_failures_in_a_row_fills_boot_nothing_and_say_why_and_how_to_go_on()
    {
        await FailAsync(StandbyFailures.Tolerated);
        var starts = Starts();

        (await _world.FillAsync(cancellationToken: Token)).Should().BeFalse();

        starts.Should().Be(StandbyFailures.Tolerated);
        Starts().Should().Be(starts, "the image pauses");
        _world.Log.ToString().Should().Contain("3 in a row could not be made, so fills leave it out for 5m more ('standby fill --image base' tries at once)");
        var line = (await _world.LookAtStandbyAsync()).Lines.Should().ContainSingle().Which;
        line.Why.Should().StartWith("3 in a row could not be made").And.Contain("host name");
        line.Failures!.Until.Should().Be(line.Failures.Last + TimeSpan.FromMinutes(5));
        _world.StandbyReport!.Totals[Failures].Should().Be(StandbyFailures.Tolerated);
        _world.Left().Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_pause_ends_and_another_failure_makes_it_twice_as_long()
    {
        await FailAsync(StandbyFailures.Tolerated);
        Age(TimeSpan.FromMinutes(6));

        await _world.FillAsync(cancellationToken: Token);

        Starts().Should().Be(StandbyFailures.Tolerated + 1);
        _world.StandbyReport!.Lines.Single().Failures!.Pause.Should().Be(TimeSpan.FromMinutes(10));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("base.yaml", false)]
    [InlineData("vm-executor.yaml", false)]
    [InlineData(null, true)]
    public async Task A_change_of_the_YAML_or_a_person_ends_the_pause_at_once(string? changed, bool isByHand)
    {
        await FailAsync(StandbyFailures.Tolerated);
        if (changed is not null)
        {
            await File.AppendAllTextAsync(_world.Root.Child(changed).Value, "# changed\n", Token);
        }

        await _world.FillAsync(isByHand, Token);

        Starts().Should().Be(StandbyFailures.Tolerated + 1);
        _world.StandbyReport!.Lines.Single().Failures!.Count.Should().Be(1, "it is counted anew");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_new_generation_ends_the_pause_at_once()
    {
        await FailAsync(StandbyFailures.Tolerated);
        var before = Starts();
        (await _world.FillAsync(cancellationToken: Token)).Should().BeFalse();
        Starts().Should().Be(before);

        await _world.PublishAsync(number: 2);
        await _world.FillAsync(cancellationToken: Token);

        Starts().Should().BeGreaterThan(before);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_clone_that_can_be_made_again_forgets_all_failures()
    {
        await FailAsync(StandbyFailures.Tolerated - 1);
        _world.GuestShell.Identity = new FakeGuestShell().Identity;

        (await _world.FillAsync(cancellationToken: Token)).Should().BeTrue();

        _world.StandbyReport!.Lines.Single().Failures.Should().BeNull();
        _world.StandbyReport.Totals[$"{MetricName.StandbyFill.Name}_count{{image=\"base\"}}"].Should().Be(1);
        _world.Faults().Should().BeEmpty();
        await _world.DrainAsync(Token);
    }

    [Fact(Timeout = 60_000)]
    public async Task Trouble_of_the_host_before_any_VM_is_started_makes_no_image_pause()
    {
        await _world.PublishAsync();
        _world.QemuImg.Before = _ => throw new Core.Failures.SystemFailureException(Core.Failures.ErrorCodes.ToolFailed, "no space left", "hint");
        for (var fill = 0; fill < StandbyFailures.Tolerated + 2; fill++)
        {
            (await _world.FillAsync(cancellationToken: Token)).Should().BeFalse();
        }

        _world.StandbyReport!.Lines.Single().Failures.Should().BeNull();
    }

    private static string Failures => $"{MetricName.StandbyFillFailures.Name}{{image=\"base\"}}";

    private async Task FailAsync(int times)
    {
        if (_world.Generation is null)
        {
            await _world.PublishAsync();
        }

        _world.GuestShell.Identity = _ => Stale;
        for (var fill = 0; fill < times; fill++)
        {
            (await _world.FillAsync(cancellationToken: Token)).Should().BeFalse();
        }
    }

    private int Starts() => _world.Hypervisor.Calls.Count(call => call.StartsWith("create vmx-standby-", StringComparison.Ordinal));

    private void Age(TimeSpan by)
    {
        var report = _world.StandbyReport!;
        new StandbyShelf(_world.StateDir).Write(
            report with { Lines = [.. report.Lines.Select(line => line with { Failures = line.Failures! with { Last = line.Failures.Last - by } })] }, isAll: true);
    }
}
