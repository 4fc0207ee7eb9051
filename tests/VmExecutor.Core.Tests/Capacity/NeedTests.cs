using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Capacity;

public sealed class NeedTests
{
    [Theory]
    [InlineData("<memory>1024</memory>", 1L << 20)]
    [InlineData("<memory unit='KiB'>1024</memory>", 1L << 20)]
    [InlineData("<memory unit='bytes'>1024</memory>", 1024)]
    [InlineData("<memory unit='M'>2</memory>", 2L << 20)]
    [InlineData("<memory unit='GiB'>2</memory>", 2L << 30)]
    [InlineData("<memory unit='GB'>2</memory>", 2_000_000_000)]
    [InlineData("<memory unit='TiB'>999999999</memory>", long.MaxValue)]
    [InlineData("<memory>much</memory>", 0)]
    [InlineData("", 0)]
    public void Where_nobody_says_a_size_it_is_the_sources(string memory, long expected)
    {
        var need = Need.Of(TestPlan.For(TestPlan.Image()), XElement.Parse($"<domain>{memory}<vcpu current='1'>3</vcpu></domain>"));

        need.MemoryBytes.Should().Be(expected);
        need.Cpus.Should().Be(3);
    }

    [Fact]
    public void The_jobs_size_goes_before_the_images_and_the_images_before_the_sources()
    {
        var source = XElement.Parse("<domain><memory unit='GiB'>9</memory></domain>");
        var plan = TestPlan.For(TestPlan.Image() with { Memory = new OrAuto<ByteSize>(ByteSize.FromMebibytes(512)), Cpus = new OrAuto<int>(2) });

        Need.Of(plan, source).Should().Be(new ClaimRecord(512 << 20, 2));
        Need.Of(plan with { Sizes = new CloneSizes { Memory = ByteSize.FromMebibytes(768), Cpus = 4 } }, source).Should().Be(new ClaimRecord(768 << 20, 4));
    }
}
