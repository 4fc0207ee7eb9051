using FluentAssertions;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class MemoryRulesTests
{
    private const long Gibibyte = 1L << 30;

    [Fact]
    public void Images_that_fit_are_fine() => Decide(8, 7, null, Image(2)).Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Ok);

    [Fact]
    public void An_image_larger_than_the_host_can_never_start()
    {
        var finding = Decide(8, 7, null, Image(8)).Should().ContainSingle().Which;

        finding.Status.Should().Be(CheckStatus.Problem);
        finding.Found.Should().Contain("image 'big' takes 8GiB").And.Contain("7.5GiB").And.Contain("VMX1511");
        finding.Fix.Should().Be("memory: 7.5GiB   # in /images/big.yaml; no more than this");
    }

    [Fact]
    public void The_size_that_a_job_may_choose_must_fit_too() => Decide(8, 7, null, Image(2, most: 16)).Should().ContainSingle()
        .Which.Should().Match<Finding>(finding => finding.Status == CheckStatus.Warning && finding.Found.Contains("may choose 16GiB"));

    [Fact]
    public void More_VMs_than_memory_for_them_are_told()
    {
        var finding = Decide(8, 7, 4, Image(2)).Should().ContainSingle().Which;

        finding.Status.Should().Be(CheckStatus.Warning);
        finding.Found.Should().Contain("limits.max_vms is 4").And.Contain("only 3 VMs");
        finding.Fix.Should().Contain("max_vms: 3");
    }

    [Fact]
    public void A_host_that_is_short_of_memory_now_is_told() => Decide(8, 2, null, Image(2)).Should().ContainSingle()
        .Which.Should().Match<Finding>(finding => finding.Status == CheckStatus.Warning && finding.Found.Contains("1.5GiB are free now"));

    [Fact]
    public void Images_of_unknown_size_and_no_images_are_fine()
    {
        Decide(8, 7, 100, new ImageMemory(new ImageName("odd"), null, null, new AbsolutePath("/images/odd.yaml"))).Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Ok);
        Decide(8, 7, 100).Should().ContainSingle().Which.Status.Should().Be(CheckStatus.Ok);
    }

    private static IReadOnlyList<Finding> Decide(long total, long available, int? most, params ImageMemory[] images) => MemoryRules.Decide(
        new HostResources(total * Gibibyte, available * Gibibyte, null, null), new LimitSettings { MaxVms = most }, images, new AbsolutePath("/vm-executor.yaml"));

    private static ImageMemory Image(long gibibytes, long? most = null) =>
        new(new ImageName("big"), gibibytes * Gibibyte, most * Gibibyte, new AbsolutePath("/images/big.yaml"));
}
