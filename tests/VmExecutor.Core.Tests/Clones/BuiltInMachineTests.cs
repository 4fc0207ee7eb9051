using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Clones;

public sealed class BuiltInMachineTests
{
    private static readonly ImageSource.DiskFile File = new(new AbsolutePath("/images/a'b<&>.qcow2"));

    [Fact]
    public void A_disk_file_gets_a_small_virtio_machine_that_boots_from_it()
    {
        var domain = Describe(File);

        domain.Element("os")!.Element("boot")!.Attribute("dev")!.Value.Should().Be("hd");
        domain.Descendants("disk").Single().Element("source")!.Attribute("file")!.Value.Should().Be("/images/a'b<&>.qcow2");
        domain.Descendants("rng").Should().ContainSingle();
        domain.Descendants("rom").Single().Attribute("enabled")!.Value.Should().Be("no");
        domain.Descendants("graphics").Should().BeEmpty();
        domain.Element("on_reboot").Should().BeNull("a boot loader may well restart the machine");
        domain.Element("memory")!.Value.Should().Be("1048576");
        domain.Element("vcpu")!.Value.Should().Be("1");
    }

    [Fact]
    public void A_kernel_given_directly_is_started_once()
    {
        var kernel = new DirectKernelBoot(new AbsolutePath("/k"), new AbsolutePath("/i"), "console=ttyS0 quiet <x>");

        var domain = Describe(File with { Kernel = kernel });

        var os = domain.Element("os")!;
        (os.Element("kernel")!.Value, os.Element("initrd")!.Value, os.Element("cmdline")!.Value).Should().Be(("/k", "/i", "console=ttyS0 quiet <x>"));
        os.Element("boot").Should().BeNull();
        domain.Element("on_reboot")!.Value.Should().Be("destroy");
    }

    [Fact]
    public void Sizes_of_the_image_are_taken()
    {
        var image = TestPlan.Image(File) with { Cpus = new(3), Memory = new(ByteSize.FromMebibytes(256)) };

        var domain = BuiltInMachine.Describe(image, File, "x86_64");

        (domain.Element("vcpu")!.Value, domain.Element("memory")!.Value).Should().Be(("3", "262144"));
    }

    private static XElement Describe(ImageSource.DiskFile source) => BuiltInMachine.Describe(TestPlan.Image(source), source, "x86_64");
}
