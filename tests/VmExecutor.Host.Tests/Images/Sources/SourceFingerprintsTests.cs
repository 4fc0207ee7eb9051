using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;
using VmExecutor.Host.Images.Sources;
using Xunit;

namespace VmExecutor.Host.Tests.Images.Sources;

public sealed class SourceFingerprintsTests : RecipeTest
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task Address_and_checksum_identify_a_download()
    {
        var one = await OfAsync(Image(Download("http://example.com/a", 'a')));

        one.Should().MatchRegex("^[0-9a-f]{32}$").And.Be(await OfAsync(Image(Download("http://example.com/a", 'a'))));
        one.Should().NotBe(await OfAsync(Image(Download("http://example.com/b", 'a')))).And.NotBe(await OfAsync(Image(Download("http://example.com/a", 'b'))));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_recipe_without_a_key_is_identified_by_its_text_and_what_it_is_told()
    {
        WriteRecipe("exit 1");
        var one = await OfAsync(Image());
        var again = await OfAsync(Image());
        var another = await OfAsync(Image(user: "builder"));
        WriteRecipe("exit 2");
        var changed = await OfAsync(Image());

        again.Should().Be(one).And.MatchRegex("^[0-9a-f]{32}$");
        another.Should().NotBe(one);
        changed.Should().NotBe(one);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_recipes_key_says_that_a_rebuild_would_give_something_else()
    {
        WriteRecipe($"[[ $1 == --key ]] && cat {Temporary}/packages");
        await File.WriteAllTextAsync(Temporary.Child("packages").Value, "git 1", Cancellation);
        var one = await OfAsync(Image());
        var again = await OfAsync(Image());
        await File.WriteAllTextAsync(Temporary.Child("packages").Value, "git 2", Cancellation);
        var changed = await OfAsync(Image());

        again.Should().Be(one);
        changed.Should().NotBe(one);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_recipe_that_takes_the_question_for_a_directory_leaves_nothing_behind()
    {
        WriteRecipe("mkdir -- \"$1\" && touch -- \"$1/disk.raw\" && echo \"$PWD\" > " + Temporary.Child("where"));

        await OfAsync(Image());

        Directory.Exists((await File.ReadAllTextAsync(Temporary.Child("where").Value, Cancellation)).Trim()).Should().BeFalse();
    }

    private static Task<string> OfAsync(ImageDefinition image) => new SourceFingerprints(Variables, Tools, TimeProvider.System).OfAsync(image, Cancellation);

    private static ImageSource.Download Download(string address, char digit) =>
        new(new DownloadAddress(new Uri(address)), Checksum.TryParse(ChecksumKind.Sha256, new string(digit, 64), out var checksum) ? checksum : throw new InvalidOperationException());
}
