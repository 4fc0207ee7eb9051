using FluentAssertions;
using VmExecutor.Core.Clones;
using Xunit;

namespace VmExecutor.Core.Tests.Clones;

public sealed class StampXmlTests
{
    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public void A_stamp_reads_back_with_its_generation(int? generation)
    {
        var stamp = TestPlan.Stamp(TestPlan.For(TestPlan.Image())) with { User = generation is null ? null : "vm-executor-g3", Generation = generation, Made = TestPlan.Made with { Machine = generation is null ? null : "0123456789abcdef0123456789abcdef" } };

        StampXml.TryParse(StampXml.Write(stamp).ToString()).Should().Be(stamp);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("one")]
    [InlineData("2147483648")]
    public void A_stamp_whose_generation_is_no_number_is_none(string generation)
    {
        var job = StampXml.Write(TestPlan.Stamp(TestPlan.For(TestPlan.Image())));
        job.SetAttributeValue("generation", generation);

        StampXml.TryParse(job.ToString()).Should().BeNull();
    }

    [Theory]
    [InlineData(4_096, true)]
    [InlineData(1_000_000, false)]
    public void A_stamp_is_read_up_to_the_length_that_paths_can_give_it(int length, bool isRead)
    {
        var stamp = TestPlan.Stamp(TestPlan.For(TestPlan.Image())) with { StateDir = $"/{new string('&', length - 1)}", TemporaryDirectory = $"/{new string('"', length - 1)}" };

        (StampXml.TryParse(StampXml.Write(stamp).ToString()) == stamp).Should().Be(isRead);
    }

    [Fact]
    public void The_stamp_of_a_clone_of_a_generation_names_it()
    {
        var plan = TestPlan.For(TestPlan.Image());
        var generation = new Core.Images.Generation(new Core.Values.AbsolutePath("/state/images/base/7"), Images.TestGeneration.Record(7));

        TestPlan.Stamp(plan with { Generation = generation }).Generation.Should().Be(7);
        TestPlan.Stamp(plan).Generation.Should().BeNull();
    }
}
