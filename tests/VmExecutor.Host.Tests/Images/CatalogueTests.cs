using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using Xunit;

namespace VmExecutor.Host.Tests.Images;

public sealed class CatalogueTests : IDisposable
{
    private readonly ImageWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void An_image_that_was_never_published_has_nothing()
    {
        _world.Catalogue.Names().Should().BeEmpty();
        _world.Catalogue.Of(ImageWorld.Base).Should().BeEmpty();
        _world.Catalogue.CurrentNumber(ImageWorld.Base).Should().BeNull();
        _world.Catalogue.NextNumber(ImageWorld.Base).Should().Be(1);
        _world.Catalogue.HalfMade(ImageWorld.Base).Should().BeEmpty();
        _world.Catalogue.NamesOfHalfMade().Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task Generations_come_newest_first_by_number()
    {
        await _world.PublishAllAsync(9, 2, 10, 9);

        _world.Catalogue.Of(ImageWorld.Base).Select(generation => generation.Number).Should().Equal(10, 9, 2);
        _world.Catalogue.CurrentNumber(ImageWorld.Base).Should().Be(9);
        _world.Catalogue.NextNumber(ImageWorld.Base).Should().Be(11);
        _world.Catalogue.Names().Should().Equal(ImageWorld.Base);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData(null)]
    public async Task A_generation_whose_record_is_damaged_is_none_but_its_number_stays_taken(string? record)
    {
        await _world.PublishAllAsync(1, 1, 2);
        var path = _world.Paths.Generation(2).Child("image.json").Value;
        File.Delete(path);
        if (record is not null)
        {
            await File.WriteAllTextAsync(path, record);
        }

        _world.Catalogue.Of(ImageWorld.Base).Select(generation => generation.Number).Should().Equal(1);
        _world.Catalogue.Find(ImageWorld.Base, 2).Should().BeNull();
        _world.Catalogue.Numbers(ImageWorld.Base).Should().Equal(2, 1);
        _world.Catalogue.NextNumber(ImageWorld.Base).Should().Be(3);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_copied_directory_is_not_the_generation_whose_record_is_in_it()
    {
        await _world.PublishAsync(1);
        Directory.CreateDirectory(_world.Paths.Generation(4).Value);
        File.Copy(_world.Paths.Generation(1).Child("image.json").Value, _world.Paths.Generation(4).Child("image.json").Value);

        _world.Catalogue.Of(ImageWorld.Base).Should().ContainSingle();
        _world.Catalogue.Find(ImageWorld.Base, 4).Should().BeNull();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("")]
    [InlineData("\0\0")]
    [InlineData("one")]
    [InlineData("0")]
    [InlineData("../1")]
    public async Task A_damaged_pointer_is_never_taken_for_an_image_that_was_not_published(string text)
    {
        await _world.PublishAllAsync(1, 1);
        await File.WriteAllTextAsync(_world.Paths.Current.Value, text);

        var failure = FluentActions.Invoking(() => _world.Catalogue.CurrentNumber(ImageWorld.Base)).Should().Throw<SystemFailureException>().Which;

        failure.Code.Should().Be(ErrorCodes.GenerationDamaged);
        failure.Message.Should().Contain(_world.Paths.Current.Value).And.Contain("'base'");
        failure.Hint.Should().Contain("image publish base").And.Contain("rollback base --to");
        _world.Catalogue.NextNumber(ImageWorld.Base).Should().Be(2, "publishing puts it right");
        _world.Keeper.Rollback(ImageWorld.Base, 1);
        _world.Catalogue.CurrentNumber(ImageWorld.Base).Should().Be(1);
    }

    [Fact]
    public void A_pointer_that_cannot_be_read_is_an_error()
    {
        Directory.CreateDirectory(_world.Paths.Current.Value);

        FluentActions.Invoking(() => _world.Catalogue.CurrentNumber(ImageWorld.Base)).Should().Throw<HostFileException>().WithMessage($"{_world.Paths.Current}*");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_half_made_directory_is_no_generation()
    {
        await _world.PublishAsync(1);
        Directory.Move(_world.Paths.Generation(1).Value, _world.Paths.Half(HalfMadeName.Removing, 1, "abcdef01").Value);
        Directory.CreateDirectory(_world.Paths.Half(HalfMadeName.Making, 2, "abcdef02").Value);
        Directory.CreateDirectory(_world.Paths.Download.Value);
        Directory.CreateDirectory(ImagePaths.For(_world.StateDir, new ImageName("gone")).Gone("abcdef03").Value);

        _world.Catalogue.Of(ImageWorld.Base).Should().BeEmpty();
        _world.Catalogue.Names().Should().Equal(ImageWorld.Base);
        _world.Catalogue.HalfMade(ImageWorld.Base).Select(half => half.Name).Should().BeEquivalentTo(".gone-1-abcdef01", ".new-2-abcdef02");
        _world.Catalogue.NamesOfHalfMade().Should().BeEquivalentTo([ImageWorld.Base, new ImageName("gone")]);
    }

    [Theory]
    [InlineData(".gone-base-abcdef01", "base")]
    [InlineData(".gone-base-1-abcdef01", "base-1")]
    [InlineData(".gone-base", null)]
    [InlineData(".gone-baseabcdef01", null)]
    [InlineData(".gone--abcdef01", null)]
    [InlineData(".new-base-abcdef01", null)]
    [InlineData("base", null)]
    public void The_name_of_an_image_that_was_being_removed_is_found_in_what_is_left(string name, string? image) =>
        (ImagePaths.GoneImage(name)?.Value).Should().Be(image);
}
