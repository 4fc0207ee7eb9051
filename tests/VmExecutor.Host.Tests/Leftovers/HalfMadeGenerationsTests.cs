using FluentAssertions;
using VmExecutor.Core.Images;
using VmExecutor.Core.Leftovers;
using VmExecutor.Core.Values;
using VmExecutor.Host.Images;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Tests.Images;
using Xunit;

namespace VmExecutor.Host.Tests.Leftovers;

public sealed class HalfMadeGenerationsTests : IDisposable
{
    private readonly ImageWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task Half_made_and_half_removed_parts_are_removed_and_whole_generations_and_downloads_stay()
    {
        var halves = await HalvesAsync();

        var collected = Collect(dryRun: false);

        collected.Select(leftover => leftover.Name).Should().BeEquivalentTo(halves.Select(half => half.Value));
        collected.Should().OnlyContain(leftover => leftover.Outcome == CollectionOutcome.Removed && leftover.Reason == LeftoverReason.HalfMade && leftover.Parts.Count == 1);
        halves.Should().OnlyContain(half => !Directory.Exists(half.Value));
        _world.Entries().Should().Equal("1", "current", "download");
        Collect(dryRun: false).Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_dry_run_only_tells()
    {
        var halves = await HalvesAsync();

        var collected = Collect(dryRun: true);

        collected.Select(leftover => leftover.Name).Should().BeEquivalentTo(halves.Select(half => half.Value));
        collected.Should().OnlyContain(leftover => leftover.Outcome == CollectionOutcome.WouldBeRemoved);
        halves.Should().OnlyContain(half => Directory.Exists(half.Value));
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_part_that_another_process_is_at_work_on_is_left_alone(bool dryRun)
    {
        var halves = await HalvesAsync();
        using var publisher = new StateLocks(_world.StateDir, TimeProvider.System);
        using var held = ImageLock.Take(publisher, ImageWorld.Base);

        var collected = Collect(dryRun);

        collected.Where(leftover => leftover.Outcome == CollectionOutcome.Busy).Select(leftover => leftover.Name)
            .Should().BeEquivalentTo(halves.Where(half => half.Parent() == _world.Paths.Directory).Select(half => half.Value));
        halves.Where(half => half.Parent() == _world.Paths.Directory).Should().OnlyContain(half => Directory.Exists(half.Value));
    }

    private IReadOnlyList<CollectedLeftover> Collect(bool dryRun)
    {
        using var locks = new StateLocks(_world.StateDir, TimeProvider.System);
        return HalfMadeGenerations.Collect(_world.Catalogue, locks, dryRun, CancellationToken.None);
    }

    private async Task<IReadOnlyList<AbsolutePath>> HalvesAsync()
    {
        await _world.PublishAllAsync(1, 1);
        Directory.CreateDirectory(_world.Paths.Download.Value);
        AbsolutePath[] halves =
        [
            _world.Paths.Half(HalfMadeName.Making, 2, "abcdef01"),
            _world.Paths.Half(HalfMadeName.Removing, 3, "abcdef02"),
            ImagePaths.For(_world.StateDir, new ImageName("other")).Gone("abcdef03"),
        ];
        foreach (var half in halves)
        {
            Directory.CreateDirectory(half.Value);
            await File.WriteAllTextAsync(half.Child("vda.disk").Value, "half");
            File.SetUnixFileMode(half.Child("vda.disk").Value, UnixFileMode.UserRead);
        }

        return halves;
    }
}
