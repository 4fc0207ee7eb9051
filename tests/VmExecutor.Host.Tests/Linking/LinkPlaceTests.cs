using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Linking;
using VmExecutor.Core.Values;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Linking;

/// <summary>The places of a clone's files: on a disk, and nowhere else.</summary>
public sealed class LinkPlaceTests : IDisposable
{
    private readonly LinkWorld _world = new();
    private readonly List<string> _inMemory = [];

    public void Dispose()
    {
        _inMemory.ForEach(directory => Directory.Delete(directory, recursive: true));
        _world.Dispose();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("/dev", "/dev")]
    [InlineData("/dev/shm", "in memory")]
    [InlineData("/proc", "takes no files")]
    [InlineData("/sys/kernel", "takes no files")]
    public async Task A_directory_in_memory_or_of_the_kernel_is_refused_also_when_it_was_asked_for(string directory, string why)
    {
        var failure = await RefusalAsync(_world.Source, new AbsolutePath(directory));

        failure.Message.Should().Contain($"cannot be made in {directory}: ").And.Contain(why);
        failure.Hint.Should().Contain("--dir DIR");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_link_to_memory_is_refused_as_memory_is()
    {
        File.CreateSymbolicLink(_world.At("fast").Value, "/dev/shm");

        (await RefusalAsync(_world.Source, _world.At("fast"))).Message.Should().Contain("in memory");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_base_in_memory_has_no_place_beside_it_but_a_directory_on_a_disk_will_do()
    {
        var disk = $"{InMemory()}/root.qcow2";
        QemuTool.Img("create", "-q", "-f", "qcow2", disk, "8M");
        var source = Source($"<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{disk}'/><target dev='vda'/></disk>");

        (await RefusalAsync(source, null)).Message.Should().Contain($"(beside {disk})").And.Contain("in memory");
        (await PlanAsync(source, _world.Directory)).Disks.Single().Overlay.Should().Be(_world.At("web-vda.qcow2"));
        File.Exists($"{Path.GetDirectoryName(disk)}/web-vda.qcow2").Should().BeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task Every_place_that_will_not_do_is_named_at_once()
    {
        var (first, second) = ($"{InMemory()}/a.qcow2", $"{InMemory()}/b.qcow2");
        QemuTool.Img("create", "-q", "-f", "qcow2", first, "8M");
        QemuTool.Img("create", "-q", "-f", "qcow2", second, "8M");
        var source = Source(
            $"""
            <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{first}'/><target dev='vda'/></disk>
            <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{second}'/><target dev='vdb'/></disk>
            """);

        (await RefusalAsync(source, null)).Message.Should().Contain(first).And.Contain(second);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_overlay_of_a_block_device_never_comes_into_its_directory()
    {
        File.WriteAllBytes(_world.At("volume").Value, new byte[4 << 20]);
        using var device = LoopDevice.TryOver(_world.At("volume").Value);
        Prerequisite.Require(device is not null, "a loop device can be made by root only, and where the kernel has some");
        var source = Source($"<disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='{device!.Path}'/><target dev='vda'/></disk>");

        var failure = await RefusalAsync(source, null);
        var plan = await PlanAsync(source, _world.Directory);
        _world.Hypervisor.DefaultPool = new AbsolutePath("/dev/shm");
        var besidePoolInMemory = await RefusalAsync(source, null);
        Directory.CreateDirectory(_world.At("pool").Value);
        _world.Hypervisor.DefaultPool = _world.At("pool");
        var inPool = await PlanAsync(source, null);

        besidePoolInMemory.Message.Should().Be(failure.Message);
        inPool.Disks.Single().Overlay.Should().Be(_world.At("pool").Child("web-vda.qcow2"));
        inPool.Remarks.Should().ContainSingle().Which.Should().Be(
            $"vda stands on the block device {device.Path}, so its overlay is in {_world.At("pool")}, the directory of libvirt's storage pool 'default'; --dir DIR names another");
        plan.Remarks.Should().BeEmpty();
        failure.Message.Should().Contain(device.Path).And.Contain("in memory");
        failure.Hint.Should().Contain("--dir DIR");
        plan.Disks.Single().Overlay.Should().Be(_world.At("web-vda.qcow2"));
        LinkedDomain.Derive(source, plan).Descendants("backingStore").First().ToString(SaveOptions.DisableFormatting)
            .Should().StartWith("<backingStore type=\"block\"><format type=\"raw\" />").And.Contain($"dev=\"{device.Path}\"");
    }

    private string InMemory()
    {
        var directory = $"/dev/shm/vmx-link-{Guid.NewGuid():N}";
        Directory.CreateDirectory(directory);
        _inMemory.Add(directory);
        return directory;
    }

    private static XElement Source(string disks) => XElement.Parse($"<domain><name>base</name><os><type>hvm</type></os><devices>{disks}</devices></domain>");

    private async Task<SystemFailureException> RefusalAsync(XElement source, AbsolutePath? directory)
    {
        var plan = () => PlanAsync(source, directory);
        var failure = (await plan.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.LinkPlaceUnusable);
        return failure;
    }

    private Task<LinkPlan> PlanAsync(XElement source, AbsolutePath? directory) => _world.Planner.PlanAsync(
        source, VmName.TryParse("web", out var name) ? name : throw new InvalidOperationException(), directory, evenIfWritten: false, TestContext.Current.CancellationToken);
}
