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

    /// <summary>Adds arguments of QEMU behind those that are there.</summary>
    public static void Add(XElement domain, IReadOnlyList<string> arguments)
    {
        var line = domain.Element(Namespace + "commandline");
        if (line is null)
        {
            Declare(domain);
            domain.Add(line = new XElement(Namespace + "commandline"));
        }

        // The schema wants all arguments before the environment.
        var last = line.Elements(Namespace + "arg").LastOrDefault();
        var added = arguments.Select(value => new XElement(Namespace + "arg", new XAttribute("value", value)));
        if (last is null)
        {
            line.AddFirst(added);
        }
        else
        {
            last.AddAfterSelf(added);
        }
    }
}
