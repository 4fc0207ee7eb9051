using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using Xunit;

namespace VmExecutor.Core.Tests.Clones;

public sealed class GuestArchitectureTests
{
    [Theory]
    [InlineData("riscv64")]
    [InlineData("ppc64")]
    [InlineData("s390x")]
    [InlineData("armv7l")]
    [InlineData("")]
    public void A_source_for_a_processor_that_is_not_known_is_refused_by_name(string architecture)
    {
        var source = XElement.Parse($"<domain type='qemu'><os><type arch='{architecture}' machine='virt'>hvm</type></os></domain>");

        var failure = FluentActions.Invoking(() => GuestArchitecture.EnsureKnown(source, "image 'board'")).Should().Throw<SystemFailureException>().Which;

        failure.Code.Should().Be(ErrorCodes.ArchitectureUnsupported);
        failure.Message.Should().ContainAll("image 'board'", $"'{architecture}'");
        failure.Hint.Should().ContainAll("x86_64", "aarch64");
    }

    [Theory]
    [InlineData("<type arch='x86_64'>hvm</type>")]
    [InlineData("<type arch='i686'>hvm</type>")]
    [InlineData("<type arch='aarch64'>hvm</type>")]
    [InlineData("<type>hvm</type>")]
    public void Others_are_taken(string type) =>
        FluentActions.Invoking(() => GuestArchitecture.EnsureKnown(XElement.Parse($"<domain><os>{type}</os></domain>"), "image 'x'")).Should().NotThrow();

    [Fact]
    public void A_host_without_a_built_in_machine_is_refused_for_a_disk_file() =>
        FluentActions.Invoking(() => GuestArchitecture.EnsureKnown("riscv64", "the source of image 'small'")).Should().Throw<SystemFailureException>()
            .Which.Message.Should().ContainAll("riscv64", "image 'small'");
}
