using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Templates;

public sealed class TemplateShapesTests
{
    private const string Source =
        """
        <domain type='kvm'>
          <name>base</name><memory unit='MiB'>512</memory><vcpu>2</vcpu>
          <os><type arch='x86_64' machine='q35'>hvm</type><kernel>/base/vmlinuz</kernel></os>
          <cpu mode='host-passthrough'/>
          <devices>
            <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/base/disk.qcow2'/><target dev='vda' bus='virtio'/></disk>
            <interface type='user'><mac address='52:54:00:aa:bb:cc'/><model type='virtio'/></interface>
          </devices>
        </domain>
        """;

    private static readonly ImageDefinition Image = TestPlan.Image();

    [Fact]
    public void Two_jobs_of_one_image_want_one_shape()
    {
        var another = TestPlan.For(Image) with { Job = TestPlan.For(Image).Job with { Key = new JobKey("https://gitlab.example.com", "other", 99) } };

        Shape(plan: another with { Paths = JobPaths.For(new AbsolutePath("/state"), another.Job.Key) }).Should().Be(Shape());
        Shape().Fingerprint.Should().MatchRegex("^[0-9a-f]{16}$");
    }

    [Fact]
    public void A_generation_that_lies_elsewhere_is_of_the_same_shape()
    {
        Shape(Source.Replace("/base/", "/elsewhere/", StringComparison.Ordinal)).Should().Be(Shape());
    }

    [Theory]
    [InlineData("<model type='virtio'/>", "<model type='e1000e'/>")]
    [InlineData("bus='virtio'", "bus='sata'")]
    [InlineData("machine='q35'", "machine='pc'")]
    [InlineData("</devices>", "<watchdog model='i6300esb'/></devices>")]
    [InlineData("host-passthrough", "host-model")]
    public void Another_machine_is_another_shape(string old, string changed)
    {
        var other = Shape(Source.Replace(old, changed, StringComparison.Ordinal), accelerator: Accelerator.Kvm);

        other.Fingerprint.Should().NotBe(Shape(accelerator: Accelerator.Kvm).Fingerprint);
    }

    [Fact]
    public void The_images_disks_network_and_login_are_part_of_it()
    {
        ImageDefinition[] images =
        [
            Image,
            Image with { Disks = new DiskSettings { Cache = DiskCache.None } },
            Image with { Network = new NetworkSettings { Mode = NetworkMode.Libvirt } },
            Image with { Ssh = Image.Ssh with { Login = LoginMethod.CloudInit } },
            Image with { Ssh = Image.Ssh with { Login = LoginMethod.SystemdCredentials } },
        ];

        images.Select(image => Shape(plan: TestPlan.For(image)).Fingerprint).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void The_hosts_processor_matters_only_where_the_guest_sees_it()
    {
        Shape(cpu: "one").Should().Be(Shape(cpu: "two"));
        Shape(cpu: "one", accelerator: Accelerator.Kvm).Should().NotBe(Shape(cpu: "two", accelerator: Accelerator.Kvm));
    }

    [Fact]
    public void Without_a_template_the_command_is_named()
    {
        TemplateShapes.Explain(Shape(), [], "debian-12").Should().Be(
            new ColdReason("no_template", "image 'debian-12' has no template for its current generation: run 'vm-executor image warm debian-12'"));
    }

    [Fact]
    public void A_size_without_a_template_is_named()
    {
        Explain(Shape() with { Cpus = 4 }).Should().Be(
            ("size", "no template for 4 CPUs, 512MiB memory: add the size to 'warm: sizes' and run 'vm-executor image warm debian-12', if jobs often want it"));
        Explain(Shape() with { DiskBytes = 40L << 30 }).Text.Should().StartWith("no template for a disk of 40GiB");
    }

    [Fact]
    public void A_change_of_the_host_is_named_with_both_values()
    {
        Explain(Shape() with { Qemu = "7.2.23" }).Should().Be(("qemu_changed", "QEMU changed 7.2.22 -> 7.2.23: run 'vm-executor image warm debian-12'"));
        Explain(Shape() with { Libvirt = "9.1.0" }).Should().Be(("libvirt_changed", "libvirt changed 9.0.0 -> 9.1.0: run 'vm-executor image warm debian-12'"));
        Explain(Shape() with { Accelerator = "kvm" }).Word.Should().Be("accelerator_changed");
        Explain(Shape() with { Cpu = "EPYC 12" }).Text.Should().Contain("emulated -> EPYC 12");
        Explain(Shape() with { Machine = "pc" }).Text.Should().Contain("q35 -> pc");
        Explain(Shape() with { Devices = "0" }).Word.Should().Be("devices_changed");
    }

    [Fact]
    public void Of_several_templates_the_one_that_differs_least_is_compared()
    {
        var wanted = Shape() with { Qemu = "8.0.0" };

        TemplateShapes.Explain(wanted, [Shape() with { Libvirt = "8.0.0", Devices = "0", Accelerator = "kvm" }, Shape()], "debian-12").Word.Should().Be("qemu_changed");
    }

    private static (string Word, string Text) Explain(TemplateShape wanted)
    {
        var reason = TemplateShapes.Explain(wanted, [Shape()], "debian-12");
        return (reason.Word, reason.Text);
    }

    private static TemplateShape Shape(string source = Source, ClonePlan? plan = null, Accelerator accelerator = Accelerator.Tcg, string cpu = "EPYC 1")
    {
        plan ??= TestPlan.For(Image);
        var chains = new Dictionary<string, BackingChain> { ["vda"] = TestPlan.Chain("/base/disk.qcow2") };
        return TemplateShapes.Of(new CloneBasis(plan, default!, TestPlan.Stamp(plan), XElement.Parse(source), chains, accelerator), "7.2.22", "9.0.0", cpu);
    }
}
