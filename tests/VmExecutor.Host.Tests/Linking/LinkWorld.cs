using System.Xml.Linq;
using VmExecutor.Core.Linking;
using VmExecutor.Core.Values;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Linking;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;

namespace VmExecutor.Host.Tests.Linking;

/// <summary>A source that is off, with real disks (qcow2 and raw) and UEFI variables, on a libvirt that a test can make fail.</summary>
internal sealed class LinkWorld : IDisposable
{
    public LinkWorld()
    {
        QemuTool.Img("create", "-q", "-f", "qcow2", At("root.qcow2").Value, "8M");
        QemuTool.Img("create", "-q", "-f", "raw", At("data.raw").Value, "4M");
        QemuTool.Write(At("root.qcow2").Value, "qcow2", "0x5a", "0", "64k");
        File.WriteAllText(At("base_VARS.fd").Value, "variables");
        File.SetUnixFileMode(At("root.qcow2").Value, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
        Hypervisor.Domains["base"] = Source.ToString();
        Hypervisor.States["base"] = new DomainStatus(DomainState.ShutOff, 1);
    }

    public AbsolutePath Directory { get; } = new(DiskDirectory.Create("vmx-link-"));

    public FakeHypervisor Hypervisor { get; } = new();

    public List<string> Warnings { get; } = [];

    public XElement Source => XElement.Parse(
        $"""
        <domain type='qemu'>
          <name>base</name><metadata>persistent</metadata>
          <os><type>hvm</type><nvram>{At("base_VARS.fd")}</nvram></os>
          <devices>
            <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{At("root.qcow2")}'/><target dev='vda' bus='virtio'/></disk>
            <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{At("data.raw")}'/><target dev='vdb' bus='virtio'/></disk>
          </devices>
        </domain>
        """);

    public LinkSource LinkSource => new(Hypervisor, new DomainStopper(Hypervisor, new HurriedTime()));

    public LinkSurvey Survey => new(Hypervisor);

    public LinkPlanner Planner => new(Hypervisor, QemuImg, TimeProvider.System);

    public LinkRelease Release => new(Hypervisor, LinkSource, Survey);

    private static QemuImg QemuImg => new(new ToolRunner(new ToolEnvironment(QemuTool.Environment()), TimeProvider.System));

    public AbsolutePath At(string name) => Directory.Child(name);

    public IReadOnlyList<string> Files() => [.. System.IO.Directory.EnumerateFiles(Directory.Value).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public UnixFileMode ModeOf(string name) => File.GetUnixFileMode(At(name).Value);

    public Task<LinkPlan> PlanAsync(string name = "web", AbsolutePath? directory = null) =>
        Planner.PlanAsync(Source, VmName.TryParse(name, out var parsed) ? parsed : throw new ArgumentException(name), directory, evenIfWritten: false, CancellationToken.None);

    public async Task<LinkPlan> MakeAsync(string name = "web", bool protect = true, bool start = false, CancellationToken cancellationToken = default)
    {
        var plan = await PlanAsync(name);
        await new LinkMaker(Hypervisor, LinkSource, Survey, QemuImg, new DomainStopper(Hypervisor, new HurriedTime()), TimeProvider.System)
            .MakeAsync(LinkedDomain.Derive(Source, plan), plan, protect, start, Warnings.Add, cancellationToken);
        return plan;
    }

    public void Dispose()
    {
        Hypervisor.Dispose();
        System.IO.Directory.Delete(Directory.Value, recursive: true);
    }
}
