using FluentAssertions;
using VmExecutor.RunnerSimulator.Stages;

namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>Asserts with a stage's own output in the message of a test that fails for it.</summary>
internal static class StageShould
{
    public static void ShouldSucceed(this StageRecord stage) => stage.ExitCode.Should().Be(0, stage.ToString());
}
