using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Images;
using Xunit;

namespace VmExecutor.Host.Tests.Images;

public sealed class ChosenGenerationTests : IDisposable
{
    private readonly ImageWorld _world = new();

    public void Dispose() => _world.Dispose();

    public static TheoryData<string> Damages => ["changed", "grown", "exchanged", "missing", "no domain.xml", "no image.json", "no directory"];

    [Fact]
    public void An_unpublished_image_of_a_domain_or_file_is_cloned_from_its_source()
    {
        foreach (var source in new ImageSource[] { new ImageSource.Domain("base"), new ImageSource.DiskFile(new AbsolutePath("/base.qcow2")) })
        {
            ChosenGeneration.For(ImageWorld.Image(source), _world.Catalogue).Should().BeEquivalentTo(new ChosenGeneration(null, []));
        }
    }

    [Fact]
    public void An_unpublished_image_that_must_be_fetched_or_built_is_refused_with_what_to_do()
    {
        var checksum = Checksum.TryParse(ChecksumKind.Sha256, new string('a', 64), out var parsed) ? parsed : throw new InvalidOperationException();
        foreach (var source in new ImageSource[] { new ImageSource.Download(new DownloadAddress(new Uri("https://example.com/x")), checksum), new ImageSource.Build(new AbsolutePath("/recipe")) })
        {
            var failure = FluentActions.Invoking(() => ChosenGeneration.For(ImageWorld.Image(source), _world.Catalogue)).Should().Throw<SystemFailureException>().Which;

            failure.Code.Should().Be(ErrorCodes.ImageNotPublished);
            failure.Message.Should().Contain("'base'");
            failure.Hint.Should().Contain("vm-executor image publish base");
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task The_current_generation_is_taken_also_when_a_later_one_is_there()
    {
        await _world.PublishAllAsync(2, 1, 2, 3);

        var chosen = ChosenGeneration.For(ImageWorld.Image(), _world.Catalogue);

        chosen.Generation!.Number.Should().Be(2);
        chosen.Warnings.Should().BeEmpty();
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Damages))]
    public async Task A_damaged_current_generation_gives_way_to_the_newest_probed_one_before_it_with_a_warning(string damage)
    {
        await _world.PublishAllAsync(1, 1);
        await _world.PublishAsync(2);
        await _world.PublishAsync(3, probed: false);
        await _world.PublishAllAsync(4, 4, 5);
        Damage(4, damage);

        var chosen = ChosenGeneration.For(ImageWorld.Image(), _world.Catalogue);

        chosen.Generation!.Number.Should().Be(2);
        chosen.Warnings.Should().ContainSingle().Which.Should().Contain("generation 4 of image 'base'").And.Contain("image publish base");
    }

    [Fact(Timeout = 60_000)]
    public async Task When_no_generation_is_whole_the_error_names_all_of_them()
    {
        await _world.PublishAllAsync(3, 1, 2, 3);
        Damage(1, "changed");
        Damage(2, "missing");
        Damage(3, "exchanged");

        var failure = FluentActions.Invoking(() => ChosenGeneration.For(ImageWorld.Image(), _world.Catalogue)).Should().Throw<SystemFailureException>().Which;

        failure.Code.Should().Be(ErrorCodes.GenerationDamaged);
        failure.Message.Should().Contain("generation 1").And.Contain("was changed").And.Contain("generation 2").And.Contain("is missing")
            .And.Contain("generation 3").And.Contain("was exchanged");
    }

    private void Damage(int number, string damage)
    {
        var directory = _world.Paths.Generation(number);
        var disk = directory.Child("vda.disk").Value;
        switch (damage)
        {
            case "changed":
                File.SetLastWriteTimeUtc(disk, DateTime.UtcNow.AddMinutes(1));
                break;
            case "grown":
                var modified = File.GetLastWriteTimeUtc(disk);
                File.SetUnixFileMode(disk, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                using (var file = new FileStream(disk, FileMode.Append))
                {
                    file.WriteByte(0);
                }

                File.SetLastWriteTimeUtc(disk, modified);
                break;
            case "exchanged":
                File.Copy(disk, $"{disk}.copy");
                File.SetLastWriteTimeUtc($"{disk}.copy", File.GetLastWriteTimeUtc(disk));
                File.Move($"{disk}.copy", disk, overwrite: true);
                break;
            case "missing":
                File.Delete(disk);
                break;
            case "no domain.xml":
                File.Delete(directory.Child("domain.xml").Value);
                break;
            case "no image.json":
                File.Delete(directory.Child("image.json").Value);
                break;
            default:
                Directory.Delete(directory.Value, recursive: true);
                break;
        }
    }
}
