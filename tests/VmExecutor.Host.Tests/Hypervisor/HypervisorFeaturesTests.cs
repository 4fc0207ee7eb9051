using FluentAssertions;
using VmExecutor.Host.Hypervisor;
using Xunit;

namespace VmExecutor.Host.Tests.Hypervisor;

public sealed class HypervisorFeaturesTests
{
    [Theory]
    [InlineData("8.1.9", false, true)]
    [InlineData("8.2.0", true, false)]
    [InlineData("8.2", true, false)]
    [InlineData("10.0.13", true, false)]
    [InlineData("odd", false, false)]
    [InlineData(null, false, false)]
    public void A_version_that_cannot_be_read_neither_has_a_feature_nor_lacks_it(string? version, bool isIn, bool isMissing)
    {
        HypervisorFeatures.ReadOnlyMemory.IsIn(version).Should().Be(isIn);
        HypervisorFeatures.ReadOnlyMemory.IsMissingIn(version).Should().Be(isMissing);
    }

    [Theory]
    [InlineData(HypervisorComponent.Qemu, "7.2.22", "before 8.2 QEMU's user may write to the memory of templates")]
    [InlineData(HypervisorComponent.Qemu, "10.0.0", null)]
    [InlineData(HypervisorComponent.Libvirt, "11.3.0", null)]
    [InlineData(HypervisorComponent.Libvirt, "8.0.0", "before 8.2 there are no warm clones")]
    public void An_old_version_loses_what_a_host_notices(HypervisorComponent component, string version, string? loss) =>
        HypervisorFeatures.Of(component, version).Losses.Should().Equal(loss is null ? [] : [loss]);

    [Theory]
    [InlineData(HypervisorComponent.Libvirt, 9, 0)]
    [InlineData(HypervisorComponent.Qemu, 7, 2)]
    public void The_oldest_version_that_was_tried_is_the_first_of_the_list(HypervisorComponent component, int major, int minor)
    {
        HypervisorFeatures.OldestTried(component).Should().Be(new Version(major, minor));
        HypervisorFeatures.Tried.Select(tried => Version.Parse(component == HypervisorComponent.Qemu ? tried.Version.Qemu : tried.Version.Libvirt)).Should().BeInAscendingOrder();
    }
}
