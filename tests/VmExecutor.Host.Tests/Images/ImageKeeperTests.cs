using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Images;
using VmExecutor.Host.Locks;
using Xunit;

namespace VmExecutor.Host.Tests.Images;

public sealed class ImageKeeperTests : IDisposable
{
    private readonly ImageWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory(Timeout = 60_000)]
    [InlineData(5, 3, new[] { 2, 1 }, new[] { "3", "4", "5" })]
    [InlineData(5, 1, new[] { 4, 3, 2, 1 }, new[] { "5" })]
    [InlineData(2, 3, new[] { 3, 1 }, new[] { "2", "4", "5" })]
    [InlineData(1, 1, new[] { 5, 4, 3, 2 }, new[] { "1" })]
    [InlineData(5, 9, new int[0], new[] { "1", "2", "3", "4", "5" })]
    public async Task Pruning_leaves_so_many_and_among_them_the_current_one_wherever_it_stands(int current, int keep, int[] removed, string[] left)
    {
        await _world.PublishAllAsync(current, 1, 2, 3, 4, 5);

        var pruned = _world.Keeper.Prune(ImageWorld.Base, keep);

        pruned.Removed.Should().Equal(removed);
        pruned.Kept.Should().BeEmpty();
        _world.Entries().Should().Equal([.. left, "current"]);
        _world.Catalogue.CurrentNumber(ImageWorld.Base).Should().Be(current);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_generation_that_a_job_stands_on_is_never_pruned_and_the_job_is_named()
    {
        await _world.PublishAllAsync(3, 1, 2, 3);
        var job = _world.Use(1);
        Directory.CreateDirectory(_world.Paths.Half(HalfMadeName.Making, 4, "abcdef01").Value);

        var (removed, kept) = _world.Keeper.Prune(ImageWorld.Base, 1);

        removed.Should().Equal(2);
        kept.Should().ContainSingle().Which.Should().Contain("generation 1").And.Contain(job.Value);
        _world.Entries().Should().Equal("1", "3", "current");
    }

    [Fact(Timeout = 60_000)]
    public async Task While_the_current_generation_is_damaged_the_one_that_jobs_get_instead_is_not_pruned()
    {
        await _world.PublishAllAsync(4, 1, 2, 3, 4);
        File.Delete(_world.Paths.Generation(4).Child("vda.disk").Value);
        File.Delete(_world.Paths.Generation(3).Child("vda.disk").Value);

        _world.Keeper.Prune(ImageWorld.Base, 1).Removed.Should().Equal(3, 1);

        _world.Entries().Should().Equal("2", "4", "current");
        ChosenGeneration.For(ImageWorld.Image(), _world.Catalogue).Generation!.Number.Should().Be(2);
    }

    [Fact(Timeout = 60_000)]
    public async Task Jobs_of_other_images_and_on_the_source_keep_nothing()
    {
        await _world.PublishAllAsync(2, 1, 2);
        _world.Use(null);

        _world.Keeper.Remove(ImageWorld.Base, 1).Should().Equal(1);

        _world.Entries().Should().Equal("2", "current");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_generation_comes_back_when_a_job_appears_between_the_two_looks()
    {
        await _world.PublishAllAsync(2, 1, 2);
        var keeper = _world.KeeperWith(WithJobAfterFirstLook(generation: 1));

        var remove = () => keeper.Remove(ImageWorld.Base, 1);

        remove.Should().Throw<SystemFailureException>().Which.Code.Should().Be(ErrorCodes.GenerationInUse);
        _world.Entries().Should().Equal("1", "2", "current");
        GenerationFiles.Damage(_world.Catalogue.Find(ImageWorld.Base, 1)!).Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_whole_image_comes_back_when_a_job_appears_between_the_two_looks()
    {
        await _world.PublishAllAsync(2, 1, 2);
        var keeper = _world.KeeperWith(WithJobAfterFirstLook(generation: 1));

        var remove = () => keeper.Remove(ImageWorld.Base, null);

        remove.Should().Throw<SystemFailureException>().Which.Code.Should().Be(ErrorCodes.GenerationInUse);
        _world.Entries().Should().Equal("1", "2", "current");
        _world.Catalogue.CurrentNumber(ImageWorld.Base).Should().Be(2);
        _world.Catalogue.NamesOfHalfMade().Should().BeEmpty();
    }

    [Theory(Timeout = 60_000)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Of_an_image_of_which_one_generation_is_in_use_nothing_is_removed(int used)
    {
        await _world.PublishAllAsync(2, 1, 2, 3);
        File.Delete(_world.Paths.Generation(3).Child("image.json").Value);
        _world.Use(used);

        var remove = () => _world.Keeper.Remove(ImageWorld.Base, null);

        remove.Should().Throw<SystemFailureException>().Which.Message.Should().Contain($"generation {used} of image 'base' is in use");
        _world.Entries().Should().Equal("1", "2", "3", "current");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_whole_image_goes_with_pointer_download_and_what_is_damaged_or_half_made()
    {
        await _world.PublishAllAsync(2, 1, 2);
        File.Delete(_world.Paths.Generation(1).Child("image.json").Value);
        Directory.CreateDirectory(_world.Paths.Download.Value);
        Directory.CreateDirectory(_world.Paths.Half(HalfMadeName.Removing, 3, "abcdef01").Value);

        _world.Keeper.Remove(ImageWorld.Base, null).Should().Equal(2, 1);

        Directory.EnumerateFileSystemEntries(ImagePaths.All(_world.StateDir).Value).Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_current_generation_is_not_removed_alone_and_an_unknown_one_is_said_to_be_unknown()
    {
        await _world.PublishAllAsync(2, 1, 2);

        Fails(() => _world.Keeper.Remove(ImageWorld.Base, 2), ErrorCodes.GenerationInUse).Hint.Should().Contain("rollback base");
        Fails(() => _world.Keeper.Remove(ImageWorld.Base, 7), ErrorCodes.GenerationUnknown).Message.Should().Contain("there are: 2, 1");
        Fails(() => _world.Keeper.Remove(new ImageName("other"), null), ErrorCodes.ImageNotPublished).Hint.Should().Contain("publish other");
        _world.Entries().Should().Equal("1", "2", "current");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_damaged_generation_can_be_removed_by_its_number()
    {
        await _world.PublishAllAsync(2, 1, 2);
        await File.WriteAllTextAsync(_world.Paths.Generation(1).Child("image.json").Value, "{");

        _world.Keeper.Remove(ImageWorld.Base, 1).Should().Equal(1);

        _world.Entries().Should().Equal("2", "current");
    }

    [Fact(Timeout = 60_000)]
    public async Task Rolling_back_takes_the_newest_whole_and_probed_generation_before_the_current()
    {
        await _world.PublishAllAsync(1, 1, 2);
        await _world.PublishAsync(3, probed: false);
        await _world.PublishAllAsync(5, 4, 5, 6);
        File.Delete(_world.Paths.Generation(4).Child("vda.disk").Value);

        _world.Keeper.Rollback(ImageWorld.Base, null).Number.Should().Be(2);

        _world.Catalogue.CurrentNumber(ImageWorld.Base).Should().Be(2);
        _world.Keeper.Rollback(ImageWorld.Base, null).Number.Should().Be(1);
        Fails(() => _world.Keeper.Rollback(ImageWorld.Base, null), ErrorCodes.GenerationUnknown).Message.Should().Contain("before 1");
        _world.Keeper.Rollback(ImageWorld.Base, 6).Number.Should().Be(6);
        _world.Catalogue.CurrentNumber(ImageWorld.Base).Should().Be(6);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_rollback_to_a_generation_that_is_damaged_unprobed_or_missing_is_refused()
    {
        await _world.PublishAllAsync(5, 1, 2, 5);
        await _world.PublishAsync(3, probed: false);
        File.Delete(_world.Paths.Generation(1).Child("vda.disk").Value);
        File.Delete(_world.Paths.Generation(2).Child("image.json").Value);

        Fails(() => _world.Keeper.Rollback(ImageWorld.Base, 1), ErrorCodes.GenerationDamaged).Message.Should().Contain("vda.disk is missing");
        Fails(() => _world.Keeper.Rollback(ImageWorld.Base, 2), ErrorCodes.GenerationDamaged).Message.Should().Contain("image.json");
        Fails(() => _world.Keeper.Rollback(ImageWorld.Base, 3), ErrorCodes.GenerationDamaged).Message.Should().Contain("not passed a probe");
        Fails(() => _world.Keeper.Rollback(ImageWorld.Base, 4), ErrorCodes.GenerationUnknown).Message.Should().Contain("there are: 5, 3, 2, 1");
        Fails(() => _world.Keeper.Rollback(new ImageName("other"), null), ErrorCodes.ImageNotPublished);
        _world.Catalogue.CurrentNumber(ImageWorld.Base).Should().Be(5);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_image_is_one_processes_at_a_time_and_another_image_is_another_lock()
    {
        await _world.PublishAllAsync(2, 1, 2);
        using var other = new StateLocks(_world.StateDir, TimeProvider.System);
        using (ImageLock.Take(other, ImageWorld.Base))
        {
            foreach (var attempt in new Action[]
            {
                () => _world.Keeper.Rollback(ImageWorld.Base, null),
                () => _world.Keeper.Prune(ImageWorld.Base, 1),
                () => _world.Keeper.Remove(ImageWorld.Base, null),
            })
            {
                var failure = Fails(attempt, ErrorCodes.ImageIsBusy);
                failure.Message.Should().Contain("'base'");
                failure.Hint.Should().NotBeEmpty();
            }

            ImageLock.Take(_world.Locks, new ImageName("other")).Dispose();
        }

        _world.Keeper.Rollback(ImageWorld.Base, null).Number.Should().Be(1);
    }

    private static SystemFailureException Fails(Action action, ErrorCode code)
    {
        var failure = action.Should().Throw<SystemFailureException>().Which;
        failure.Code.Should().Be(code);
        return failure;
    }

    /// <summary>A job whose record is there just after the remover has looked for jobs the first time.</summary>
    private GenerationRemover WithJobAfterFirstLook(int generation)
    {
        var looks = 0;
        return new GenerationRemover(_world.StateDir, image =>
        {
            if (++looks == 2)
            {
                Directory.Exists(_world.Paths.Generation(generation).Value).Should().BeFalse("it is renamed by now");
                _world.Use(generation);
            }

            return ImageUse.Of(_world.StateDir, image);
        });
    }
}
