using System.Xml.Linq;

namespace VmExecutor.Core.Clones;

/// <summary>
/// The namespace of libvirt's XML for QEMU only (https://libvirt.org/drvqemu.html, "Pass-through of arbitrary qemu commands").
/// </summary>
internal static class QemuXml
{
    public static readonly XNamespace Namespace = "http://libvirt.org/schemas/domain/qemu/1.0";

    /// <summary>Lets the domain use the namespace under its usual name.</summary>
    public static void Declare(XElement domain) => domain.SetAttributeValue(XNamespace.Xmlns + "qemu", Namespace.NamespaceName);
}
