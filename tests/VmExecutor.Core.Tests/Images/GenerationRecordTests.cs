using FluentAssertions;
using VmExecutor.Core.Images;
using VmExecutor.Core.Tests.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Images;

public sealed class GenerationRecordTests
{
    [Fact]
    public void A_record_reads_back_as_it_was_written()
    {
        var record = TestGeneration.Record(7);

        GenerationRecord.TryParse(record.ToJson()).Should().BeEquivalentTo(record);
    }

    [Fact]
    public void A_record_of_a_generation_that_was_not_probed_says_so()
    {
        var record = TestGeneration.Record(7) with { Probe = null, Tools = [], InPlace = false };

        GenerationRecord.TryParse(record.ToJson()).Should().BeEquivalentTo(record);
    }

    [Fact]
    public void A_record_of_a_later_driver_with_more_in_it_is_still_one()
    {
        var json = TestGeneration.Record(7).ToJson().Replace("\"in_place\": true", "\"in_place\": true, \"later\": {\"a\": [1]}", StringComparison.Ordinal);

        json.Should().Contain("later");
        GenerationRecord.TryParse(json).Should().BeEquivalentTo(TestGeneration.Record(7));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\0\0\0\0")]
    public void A_text_that_is_no_record_is_read_as_none(string json) => GenerationRecord.TryParse(json).Should().BeNull();

    [Theory]
    [InlineData("\"number\": 7", "\"number\": 0")]
    [InlineData("\"number\": 7", "\"number\": -7")]
    [InlineData("\"number\": 7", "\"number\": 7.5")]
    [InlineData("\"number\": 7", "\"number\": null")]
    [InlineData("\"source\": \"base\"", "\"source\": null")]
    [InlineData("\"files\": [", "\"files\": [ null, ")]
    [InlineData("\"files\": [", "\"files_\": [")]
    [InlineData("\"tools\": [", "\"tools\": [ null, ")]
    [InlineData("\"ssh-ed25519 AAAA\"", "null")]
    [InlineData("\"path\": \"vda.disk\"", "\"path\": null")]
    [InlineData("\"path\": \"vda.disk\"", "\"path\": \"\"")]
    [InlineData("\"path\": \"vda.disk\"", "\"path\": \"..\"")]
    [InlineData("\"path\": \"vda.disk\"", "\"path\": \"../6/vda.disk\"")]
    [InlineData("\"path\": \"vda.disk\"", "\"path\": \"vda\\n.disk\"")]
    [InlineData("\"path\": \"vda.disk\"", "\"path\": \"vda\\u0000.disk\"")]
    [InlineData("\"role\": \"vda\"", "\"role\": \"\"")]
    public void A_record_with_something_unusable_in_it_is_none(string right, string wrong)
    {
        var json = TestGeneration.Record(7).ToJson();
        json.Should().Contain(right);

        GenerationRecord.TryParse(json.Replace(right, wrong, StringComparison.Ordinal)).Should().BeNull();
    }

    [Fact]
    public void Any_text_is_a_record_or_none() =>
        ForAny.Value(HostileText.Decoded, text => FluentActions.Invoking(() => GenerationRecord.TryParse(text)).Should().NotThrow());
}
