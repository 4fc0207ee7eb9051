using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Linking;
using VmExecutor.Core.Values;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Linking;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Libvirt;

/// <summary>Sources whose disks are volumes, on the machine's real libvirt with a pool of the test's own.</summary>
public sealed class SourceDefinitionsTests : IDisposable
{
    private const string Domain = "vmx-test-of-volumes";
    private readonly LibvirtHypervisor _hypervisor;
    private readonly StoragePool _pool;

    public SourceDefinitionsTests()
    {
        Prerequisite.Libvirt();
        _hypervisor = new LibvirtHypervisor("qemu:///system", TimeSpan.FromSeconds(100), TimeProvider.System);
        _pool = new StoragePool();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private SourceDefinitions Definitions => new(_hypervisor);

    public void Dispose()
    {
        Virsh.Run("undefine", Domain);
        _hypervisor.Dispose();
        _pool.Dispose();
    }

    [Fact(Timeout = 120_000)]
    public async Task Volumes_of_an_active_pool_are_read_as_their_files()
    {
        _pool.Create("root.qcow2");
        _pool.Create("setup.iso", "raw");
        await DefineAsync();

        var source = (await Definitions.FindAsync(Domain, Token))!;

        source.Remarks.Should().BeEmpty();
        source.Xml.Descendants("source").Attributes("file").Select(file => file.Value).Should().Equal($"{_pool.Directory}/root.qcow2", $"{_pool.Directory}/setup.iso");
        var disk = SourceDisk.WritableOf(source.Xml).Should().ContainSingle().Which;
        var chain = await new QemuImg(new ToolRunner(new ToolEnvironment(QemuTool.Environment()), TimeProvider.System)).InspectAsync(disk.Path, disk.Format, Token);
        chain.Top.Format.Should().Be("qcow2");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_clone_for_people_stands_on_the_volume_and_is_found_by_it()
    {
        _pool.Create("root.qcow2");
        _pool.Create("setup.iso", "raw");
        await DefineAsync();
        var source = await new LinkSource(_hypervisor, new DomainStopper(_hypervisor, TimeProvider.System)).FindAsync(Domain, [], Token);
        var planner = new LinkPlanner(_hypervisor, new QemuImg(new ToolRunner(new ToolEnvironment(QemuTool.Environment()), TimeProvider.System)), TimeProvider.System);

        var plan = await planner.PlanAsync(source.Xml, VmName.TryParse("clone", out var name) ? name : throw new InvalidOperationException(), null, evenIfWritten: false, Token);

        plan.Disks.Should().ContainSingle().Which.Overlay.Should().Be(new AbsolutePath($"{_pool.Directory}/clone-vda.qcow2"));
        plan.Bases.Should().Equal(new AbsolutePath($"{_pool.Directory}/root.qcow2"));
        LinkedDomain.Derive(source.Xml, plan).Descendants("source").Attributes("pool").Should().BeEmpty();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_volume_that_is_gone_is_named_and_one_of_a_drive_is_only_remarked()
    {
        await DefineAsync();

        var find = () => Definitions.FindAsync(Domain, Token);

        var failure = (await find.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.SourceVolumeUnusable);
        failure.Message.Should().Contain($"disk 'vda': volume 'root.qcow2' of storage pool '{_pool.Name}': the pool has no such volume").And.NotContain("setup.iso");
        _pool.Create("root.qcow2");
        (await find())!.Remarks.Should().ContainSingle().Which.Should().Contain("cdrom 'sda' is empty").And.Contain("setup.iso");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_pool_that_is_not_active_is_left_so_and_named()
    {
        _pool.Create("root.qcow2");
        await DefineAsync();
        _pool.Stop();

        var find = () => Definitions.FindAsync(Domain, Token);

        var failure = (await find.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Message.Should().Contain("the pool is not active");
        failure.Hint.Should().Contain($"pool-start '{_pool.Name}'");
        Virsh.Run("pool-info", _pool.Name).Output.Should().MatchRegex("State: +inactive");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_pool_that_does_not_exist_has_no_volumes() =>
        (await _hypervisor.FindVolumeAsync(new VolumeName("vmx-no-such-pool", "x"), Token)).Should().Be(new StorageVolume(null, false, null, null));

    [Fact(Timeout = 120_000)]
    public async Task A_domain_that_is_not_there_has_no_definition() => (await Definitions.FindAsync("vmx-no-such-domain", Token)).Should().BeNull();

    private Task DefineAsync() => _hypervisor.DefineAsync(
        new XElement(XElement.Parse($"""
            <domain type='qemu'>
              <name>{Domain}</name>
              <memory unit='MiB'>32</memory>
              <os><type arch='x86_64' machine='q35'>hvm</type></os>
              <devices>
                <disk type='volume' device='disk'><driver name='qemu' type='qcow2'/><source pool='{_pool.Name}' volume='root.qcow2'/><target dev='vda' bus='virtio'/></disk>
                <disk type='volume' device='cdrom'><driver name='qemu' type='raw'/><source pool='{_pool.Name}' volume='setup.iso'/><target dev='sda' bus='sata'/><readonly/></disk>
              </devices>
            </domain>
            """)).ToString(),
        Token);
}
