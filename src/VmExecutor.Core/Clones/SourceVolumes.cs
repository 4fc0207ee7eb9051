using System.Xml.Linq;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>
/// Disks that a definition names by storage pool and volume (formatdomain, disk of type <c>volume</c>), as virt-manager, cockpit and
/// terraform-provider-libvirt write them. Everything behind sees the files and block devices that they are.
/// </summary>
public static class SourceVolumes
{
    /// <summary>The volumes that a definition's disks name, each once.</summary>
    public static IReadOnlyList<VolumeName> NamedBy(XElement domain) => [.. DisksOf(domain).Select(disk => disk.Name).Distinct()];

    /// <summary>
    /// The definition with each volume's path in its place. A CD-ROM or floppy disk whose volume cannot be used is empty in it: a guest boots
    /// without one, as it does with <c>startupPolicy='optional'</c>.
    /// </summary>
    /// <param name="domain">Inactive domain XML; it is not changed.</param>
    /// <param name="volumes">libvirt's answer for each volume that is named.</param>
    /// <param name="uri">Where it was asked, for the commands that help.</param>
    /// <returns>The definition, and a sentence for each medium that was taken out.</returns>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.SourceVolumeUnusable"/>: disks cannot be used; all are named.</exception>
    public static (XElement Domain, IReadOnlyList<string> Remarks) Resolve(XElement domain, IReadOnlyDictionary<VolumeName, StorageVolume> volumes, string uri)
    {
        var resolved = new XElement(domain);
        var remarks = new List<string>();
        var troubles = new List<(string Message, string Hint)>();
        foreach (var (disk, name) in DisksOf(resolved))
        {
            var volume = volumes[name];
            if (Trouble(disk, name, volume, uri) is not { } trouble)
            {
                PointAt(disk, volume.Kind!.Value, volume.Path!);
            }
            else if (IsRemovable(disk))
            {
                remarks.Add($"{Describe(disk)} is empty for clones: {trouble.Message}. {trouble.Hint}");
                Empty(disk);
            }
            else
            {
                troubles.Add(($"{Describe(disk)}: {trouble.Message}", trouble.Hint));
            }
        }

        return troubles.Count == 0
            ? (resolved, remarks)
            : throw new SystemFailureException(
                ErrorCodes.SourceVolumeUnusable,
                $"the source domain '{Line((string?)domain.Element("name") ?? "")}' has disks in storage pools that cannot be used: {string.Join("; ", troubles.Select(trouble => trouble.Message))}",
                string.Join(" ", troubles.Select(trouble => trouble.Hint).Distinct(StringComparer.Ordinal)));
    }

    /// <summary>As above, where no libvirt can be asked: each volume is taken for a file of a made-up path, which says so.</summary>
    public static XElement ResolveByPlaceholder(XElement domain)
    {
        var resolved = new XElement(domain);
        foreach (var (disk, name) in DisksOf(resolved))
        {
            PointAt(disk, VolumeKind.File, $"/VOLUME/{PlainText.OneLine(name.Pool, 100)}/{PlainText.OneLine(name.Volume, 100)}");
        }

        return resolved;
    }

    private static IReadOnlyList<(XElement Disk, VolumeName Name)> DisksOf(XElement domain) =>
    [
        .. from disk in domain.Elements("devices").Elements("disk")
           where (string?)disk.Attribute("type") == "volume"
           let source = disk.Element("source")
           let pool = (string?)source?.Attribute("pool")
           let volume = (string?)source?.Attribute("volume")
           where pool is not null && volume is not null
           select (disk, new VolumeName(pool, volume)),
    ];

    private static (string Message, string Hint)? Trouble(XElement disk, VolumeName name, StorageVolume volume, string uri)
    {
        var pool = Line(name.Pool);
        var word = ShellText.Quote(pool);
        var virsh = $"virsh -c {uri}";
        var what = $"volume '{Line(name.Volume)}' of storage pool '{pool}'";
        return volume switch
        {
            { PoolType: null } => ($"{what}: there is no such pool on {uri}", $"See '{virsh} pool-list --all', and correct the disk in the source domain (virsh edit)."),
            { PoolType: "rbd" or "gluster" or "sheepdog" or "iscsi-direct" } => OfNetwork(what, volume.PoolType),
            { PoolIsActive: false } => ($"{what}: the pool is not active", $"Start it, also at boot: {virsh} pool-start {word}; {virsh} pool-autostart {word}"),
            { Kind: null } => (
                $"{what}: the pool has no such volume",
                $"See its volumes: {virsh} vol-list {word}. A file that was put there by hand is known after: {virsh} pool-refresh {word}"),
            { Kind: VolumeKind.Network or VolumeKind.NetworkDirectory } => OfNetwork(what, volume.PoolType),
            { Kind: not (VolumeKind.File or VolumeKind.Block) } => (
                $"{what} is a {volume.Kind.ToString()!.ToLowerInvariant()}; only files and block devices can be cloned", "Copy it into a volume of type file (virsh vol-clone, qemu-img convert)."),
            _ when (string?)disk.Element("source")?.Attribute("mode") == "direct" => (
                $"{what} is reached by QEMU itself (mode='direct'); only the host's block devices can be cloned", "Let the host reach it: mode='host' in the source domain (virsh edit)."),
            _ when !AbsolutePath.TryParse(volume.Path, out _) => ($"{what} has no path that can be used ('{Line(volume.Path ?? "")}')", "Give the volume a plain file name."),
            _ => null,
        };
    }

    private static (string Message, string Hint) OfNetwork(string what, string? type) => (
        $"{what} lies on the network (pool type '{type}'); only files and block devices can be cloned",
        "Copy the disk into a qcow2 file (qemu-img convert) and use that in the source domain.");

    private static void PointAt(XElement disk, VolumeKind kind, string path)
    {
        var isBlock = kind == VolumeKind.Block;
        Empty(disk);
        disk.SetAttributeValue("type", isBlock ? "block" : "file");
        disk.Element("source")!.SetAttributeValue(isBlock ? "dev" : "file", path);
    }

    /// <summary>
    /// Empties a drive whose volume cannot be used. The source element's other parts (label, startup policy) belong to the disk and stay.
    /// </summary>
    private static void Empty(XElement disk)
    {
        disk.SetAttributeValue("type", "file");
        var source = disk.Element("source")!;
        foreach (var name in (string[])["pool", "volume", "mode"])
        {
            source.SetAttributeValue(name, null);
        }
    }

    private static bool IsRemovable(XElement disk) => (string?)disk.Attribute("device") is "cdrom" or "floppy";

    private static string Describe(XElement disk) =>
        $"{(string?)disk.Attribute("device") ?? "disk"} '{Line((string?)disk.Element("target")?.Attribute("dev") ?? "?")}'";

    private static string Line(string text) => PlainText.OneLine(text, 100);
}
