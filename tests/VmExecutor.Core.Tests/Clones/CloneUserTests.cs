using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Clones;

public sealed class CloneUserTests
{
    private const string Kernel = "<kernel>/srv/vmlinuz</kernel><initrd>/srv/initrd</initrd>";
    private static readonly VmUser User = new("vm-executor-g7", 907, 807, 995);

    [Theory]
    [InlineData("", "", "", "yes")]
    [InlineData(Kernel, "", "", "no")]
    [InlineData(Kernel, "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>", "", "yes")]
    [InlineData("", "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>", "", "yes")]
    [InlineData("", "", "<seclabel type='none' model='dac'/>", "yes")]
    [InlineData("", "", "<seclabel type='static' model='dac' relabel='yes'><label>root:root</label></seclabel>", "yes")]
    public void A_clone_has_one_static_label_of_its_user_and_libvirt_gives_its_files_away_unless_clones_share_a_kernel(
        string kernel, string device, string labels, string relabel)
    {
        var clone = Derive(Source(kernel, device, labels), User);

        var label = clone.Elements("seclabel").Where(label => (string?)label.Attribute("model") == "dac").Should().ContainSingle().Which;
        label.Should().BeEquivalentTo(XElement.Parse($"<seclabel type='static' model='dac' relabel='{relabel}'><label>vm-executor-g7:vm-executor-g7</label></seclabel>"));
        (relabel == "no").Should().Be(CloneUser.IsGivenByDriver(clone));
        CloneUser.NeedsOwnKernel(clone).Should().Be(kernel.Length > 0 && device.Length > 0);

        // libvirt refuses single labels in a domain whose files it leaves alone; and needs them in others, or it would give base files away.
        clone.Descendants("backingStore").Elements("source").Elements("seclabel").Any().Should().Be(relabel == "yes");
    }

    [Fact]
    public void A_clone_without_a_user_has_no_label_of_it() => Derive(Source("", "", ""), user: null).Elements("seclabel").Should().BeEmpty();

    [Fact]
    public void The_shape_of_a_template_is_the_same_for_all_users_and_another_without()
    {
        var other = new VmUser("vm-executor-g0", 900, 800, 995);

        Shape(User).Should().Be(Shape(other));
        Shape(null).Should().NotBe(Shape(User));
    }

    private static string Shape(VmUser? user)
    {
        var plan = TestPlan.For(TestPlan.Image()) with { User = user };
        var basis = new CloneBasis(
            plan, new MachineSize(1, ByteSize.FromMebibytes(256), ByteSize.FromMebibytes(1024)), TestPlan.Stamp(plan), Source("", "", ""), Chains, Accelerator.Tcg);
        return TemplateShapes.Of(basis, "7.2", "9.0", "cpu").Fingerprint;
    }

    private static IReadOnlyDictionary<string, BackingChain> Chains => new Dictionary<string, BackingChain> { ["vda"] = TestPlan.Chain("/srv/base.qcow2") };

    private static XElement Derive(XElement source, VmUser? user)
    {
        var plan = TestPlan.For(TestPlan.Image()) with { User = user };
        return LinkedClone.Derive(source, plan, TestPlan.Stamp(plan), Chains, Accelerator.Tcg);
    }

    private static XElement Source(string kernel, string device, string labels) => XElement.Parse(
        $"""
        <domain type='qemu'>
          <name>base</name><uuid>6f1cbd0e-3f2e-4b5a-9d62-2f0a0f3b7a11</uuid><memory unit='MiB'>256</memory><vcpu>1</vcpu>
          <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type>{kernel}</os>
          <devices>
            <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/srv/base.qcow2'/><target dev='vda' bus='virtio'/></disk>
            {device}
          </devices>
          {labels}
        </domain>
        """);
}
