using FluentAssertions;
using VmExecutor.Core.Images;
using VmExecutor.Core.Leftovers;
using VmExecutor.Core.Values;
using VmExecutor.Host.Leftovers;
using Xunit;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>gc removes leftovers of images, too.</summary>
public sealed class CollectedGenerationTests : IDisposable
{
    private readonly StageWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task A_half_made_generation_is_a_leftover_too()
    {
        var half = ImagePaths.For(_world.StateDir, new ImageName("base")).Half(HalfMadeName.Making, 1, "abcdef01");
        Directory.CreateDirectory(half.Value);

        (await _world.CollectAsync(dryRun: true)).Leftovers.Should().ContainSingle().Which.Should().Match<CollectedLeftover>(leftover =>
            leftover.Name == half.Value && leftover.Reason == LeftoverReason.HalfMade && leftover.Outcome == CollectionOutcome.WouldBeRemoved);
        (await _world.CollectAsync()).Removed.Should().Be(1);

        Directory.Exists(half.Value).Should().BeFalse();
    }
}
