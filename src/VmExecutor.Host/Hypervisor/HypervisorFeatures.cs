using VmExecutor.Core.Health;

namespace VmExecutor.Host.Hypervisor;

/// <summary>
/// Every difference between versions of libvirt and QEMU that the driver knows of, and the versions it was tried with. All questions about a
/// version are asked here; <c>doctor</c> and docs/install.md tell the same table.
/// </summary>
public static class HypervisorFeatures
{
    /// <summary>libvirt's news of 6.1: network ports can be isolated.</summary>
    public static readonly HypervisorFeature IsolatedPorts = new(
        HypervisorComponent.Libvirt,
        new Version(6, 1),
        "`<port isolated='yes'/>` in a libvirt network keeps guests apart",
        "guests of different jobs on a libvirt network reach each other",
        "guests on a libvirt network cannot be kept apart");

    /// <summary>libvirt-qemu.h: virDomainQemuMonitorCommandWithFiles "since 8.2.0".</summary>
    public static readonly HypervisorFeature FilesForQemu = new(
        HypervisorComponent.Libvirt,
        new Version(8, 2),
        "the driver hands files to a running QEMU: warm clones",
        "`image warm` refuses (VMX1221), and all jobs start cold",
        "there are no warm clones");

    /// <summary>QEMU's option <c>rom=off</c> of memory-backend-file: "since 8.2" in qapi/qom.json.</summary>
    public static readonly HypervisorFeature ReadOnlyMemory = new(
        HypervisorComponent.Qemu,
        new Version(8, 2),
        "a clone's QEMU opens the memory of its template read-only (`readonly=on,rom=off`), and no QEMU may write to it",
        "QEMU opens it for reading and writing and maps it privately. A template whose memory was written to is noticed by the next start and not used",
        "QEMU's user may write to the memory of templates");

    /// <summary>docs/about/deprecated.rst: "fd: URI when used for file migration (since 9.1)"; the way that replaces it is <c>file:/dev/fdset/N</c>.</summary>
    public static readonly HypervisorFeature StateInFileSet = new(
        HypervisorComponent.Qemu,
        new Version(9, 1),
        "the state of a template goes through `add-fd` and `file:/dev/fdset/N`",
        "the state goes through `getfd` and `fd:`, which newer versions give up for files",
        Loss: null);

    /// <summary>All of them, as they are told.</summary>
    public static IReadOnlyList<HypervisorFeature> All { get; } = [IsolatedPorts, FilesForQemu, ReadOnlyMemory, StateInFileSet];

    /// <summary>Systems on which the end-to-end tests run, with their versions; the oldest first.</summary>
    public static IReadOnlyList<(string System, HypervisorVersion Version)> Tried { get; } =
        [("Debian 12", new HypervisorVersion("9.0", "7.2")), ("Debian 13", new HypervisorVersion("11.3", "10.0"))];

    /// <summary>The oldest version that the driver was tried with.</summary>
    public static Version OldestTried(HypervisorComponent component) =>
        Version.Parse(component == HypervisorComponent.Libvirt ? Tried[0].Version.Libvirt : Tried[0].Version.Qemu);

    /// <summary>The table's words about an installed version.</summary>
    /// <param name="component">The program.</param>
    /// <param name="version">As it tells it; one that cannot be read lacks nothing.</param>
    public static KnownVersions Of(HypervisorComponent component, string version) => new(
        OldestTried(component),
        [
            .. All.Where(feature => feature.Component == component && feature.Loss is not null && feature.IsMissingIn(version))
                .Select(feature => $"before {feature.Since} {feature.Loss}"),
        ]);
}
