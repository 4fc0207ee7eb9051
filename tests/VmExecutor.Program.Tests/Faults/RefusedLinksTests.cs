using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Standby;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Standby;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>Collections beside links to standby clones whose file system refuses.</summary>
public sealed class RefusedLinksTests : IDisposable
{
    private static readonly JobKey Other = new("https://gitlab.example.com", "abc", 2);
    private readonly StageWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory(Timeout = 60_000)]
    [InlineData(FileTrouble.ReadOnly)]
    [InlineData(FileTrouble.Immutable)]
    [InlineData(FileTrouble.Foreign)]
    [InlineData(FileTrouble.ServerGone)]
    [InlineData(FileTrouble.Broken)]
    [InlineData(FileTrouble.Stale)]
    public async Task Links_that_cannot_be_removed_are_told_and_everything_else_goes(FileTrouble trouble)
    {
        await _world.PrepareAsync();
        _world.DeleteTemporaryDirectory();
        using var small = SmallFileSystem.Make();
        Directory.CreateSymbolicLink(JobPaths.Taken(_world.StateDir).Value, small.Root.Child("state").Value);
        new TakenLinks(_world.StateDir).Make(Other, StandbyKey.Of(16));
        var half = Directory.CreateDirectory(_world.StateDir.Child("images").Child("base").Child(".new-1").Value);
        small.Cause(trouble);

        var collection = await _world.CollectAsync();

        collection.Leftovers.Single(leftover => leftover.Outcome == CollectionOutcome.Failed).Failure.Should().Contain(SmallFileSystem.Words(trouble));
        collection.Removed.Should().Be(2, "the job and the generation are no matter of the links");
        half.Refresh();
        half.Exists.Should().BeFalse();
        _world.Left().Should().BeEmpty();
        small.Mend();
        (await _world.CollectAsync()).Leftovers.Should().ContainSingle().Which.Should()
            .Match<CollectedLeftover>(leftover => leftover.Name == Other.Value && leftover.Outcome == CollectionOutcome.Removed);
    }
}
