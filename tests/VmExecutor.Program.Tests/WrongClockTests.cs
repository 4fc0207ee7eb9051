using FluentAssertions;
using VmExecutor.Core.Guests;
using VmExecutor.Program.Tests.Faults;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>Prepare meets a guest whose clock is off.</summary>
public sealed class WrongClockTests : IDisposable
{
    private readonly StageWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(3600, "3600 s ahead")]
    [InlineData(-3600, "3600 s behind")]
    public async Task Prepare_sets_it_and_says_so_with_the_likely_cause(int seconds, string words)
    {
        _world.GuestShell.Look = new GuestLook { ClockOff = TimeSpan.FromSeconds(seconds) };
        _world.GuestShell.CommandOutput = Clock(TimeSpan.Zero);

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        _world.Log.ToString().Should().Contain($"WARNING: the guest's clock was {words} and has been set").And.Contain("timedatectl set-local-rtc 0");
    }

    [Theory]
    [InlineData(7200)]
    [InlineData(null)]
    public async Task A_clock_that_the_account_may_not_set_is_a_warning(int? seconds)
    {
        _world.GuestShell.Look = new GuestLook { ClockOff = TimeSpan.FromHours(2) };
        _world.GuestShell.CommandOutput = seconds is { } off ? Clock(TimeSpan.FromSeconds(off)) : "";

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        _world.Log.ToString().Should().Contain("WARNING: the guest's clock is 7200 s ahead, and user 'ci' may not set it");
    }

    [Fact]
    public async Task A_clock_that_is_right_is_neither_set_nor_told_of()
    {
        _world.GuestShell.Look = new GuestLook { ClockOff = TimeSpan.FromSeconds(20) };

        await _world.PrepareAsync(TestContext.Current.CancellationToken);

        _world.GuestShell.Calls.Should().NotContain("command");
        _world.Log.ToString().Should().NotContain("clock");
    }

    private static string Clock(TimeSpan off) => $"vmx-clock:{(DateTimeOffset.UtcNow + off).ToUnixTimeSeconds() + 1}\n";
}
