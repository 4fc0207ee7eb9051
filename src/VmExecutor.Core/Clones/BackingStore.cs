using System.Xml.Linq;

namespace VmExecutor.Core.Clones;

/// <summary>
/// The files below an overlay, as a disk's <c>backingStore</c> states them. With it libvirt need not look into the files' headers.
/// </summary>
internal static class BackingStore
{
    /// <summary>virStorageFileFormat in libvirt's storage_file_probe.h: those of QEMU's formats that libvirt has under the same name.</summary>
    private static readonly string[] KnownToLibvirt = ["raw", "qcow2", "qcow", "qed", "vmdk", "vdi", "vpc", "dmg", "bochs", "cloop"];

    /// <param name="chain">Top first.</param>
    /// <param name="keepOwners">libvirt would chown base files to QEMU's user for a running clone and not give them all back (formatdomain, seclabel).</param>
    public static XElement Of(BackingChain chain, bool keepOwners) => chain.Files.Reverse().Aggregate(
        new XElement("backingStore"),
        (below, file) => new XElement(
            "backingStore",
            new XAttribute("type", file.IsBlockDevice ? "block" : "file"),
            new XElement("format", new XAttribute("type", file.Format)),
            new XElement("source", new XAttribute(file.IsBlockDevice ? "dev" : "file", file.Path.Value), keepOwners ? LeaveOwnerAlone() : null),
            below));

    /// <summary>True when libvirt has a name for each format of the chain; it refuses a definition with another one.</summary>
    public static bool CanState(BackingChain chain) => chain.Files.All(file => KnownToLibvirt.Contains(file.Format));

    public static XElement LeaveOwnerAlone() =>
        new("seclabel", new XAttribute("model", "dac"), new XAttribute("relabel", "no"));
}
