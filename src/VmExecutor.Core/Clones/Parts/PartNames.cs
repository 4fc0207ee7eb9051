using System.Globalization;
using System.Xml.Linq;

namespace VmExecutor.Core.Clones.Parts;

/// <summary>Names of a domain's parts: their paths, and words that tell one of several parts from the others.</summary>
internal static class PartNames
{
    private const string Libvirt = "http://libvirt.org/schemas/domain/";

    /// <summary>libvirt's own XML has no namespace; what it has for one hypervisor only is called <c>qemu:</c>, <c>xen:</c> and so on.</summary>
    public static string Of(XName name)
    {
        var space = name.NamespaceName;
        return space.Length == 0 ? name.LocalName
            : space.StartsWith(Libvirt, StringComparison.Ordinal) ? $"{space[Libvirt.Length..].Split('/')[0]}:{name.LocalName}"
            : name.ToString();
    }

    /// <summary><c>devices/disk/source</c>, <c>devices/disk/@snapshot</c>.</summary>
    public static string Path(IReadOnlyList<XElement> elements, XAttribute? attribute) =>
        string.Join('/', elements.Select(element => Of(element.Name)).Concat(attribute is null ? [] : [$"@{Of(attribute.Name)}"]));

    /// <summary><c>disk 'vda': source</c>; what is not a device is called by its path.</summary>
    public static string Words(IReadOnlyList<XElement> elements, XAttribute? attribute)
    {
        if (elements is not [{ Name.LocalName: "devices" }, var device, ..])
        {
            return Path(elements, attribute);
        }

        var below = Path([.. elements.Skip(2)], attribute);
        return below.Length == 0 ? Device(device) : $"{Device(device)}: {below}";
    }

    /// <summary>
    /// A device's name, with the words that tell it from others. Where several would have the same name, each has its number among them;
    /// controllers have libvirt's index.
    /// </summary>
    public static string Device(XElement device)
    {
        if (device.Name.LocalName == "controller")
        {
            var type = (string?)device.Attribute("type");
            return $"controller ({type}{OfType(device, type)})";
        }

        var kind = Kind(device);
        var alike = device.Parent?.Elements(device.Name).Where(other => Kind(other) == kind).ToList() ?? [];
        return alike.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $"{kind}, number {alike.IndexOf(device) + 1}") : kind;
    }

    private static string Kind(XElement device)
    {
        var type = (string?)device.Attribute("type");
        var source = device.Element("source");
        return device.Name.LocalName switch
        {
            "disk" => $"{(string?)device.Attribute("device") ?? "disk"} '{(string?)device.Element("target")?.Attribute("dev")}'",
            "hostdev" => $"hostdev ({(string?)device.Attribute("mode") ?? "subsystem"} {type})",
            "interface" => $"network interface of type {type}",
            "filesystem" => $"shared directory {Any(source, "dir", "file", "dev", "name", "socket")}".TrimEnd(),
            "input" when source is not null => $"input device of the host {Any(source, "dev", "evdev")} ({type})",
            "tpm" => (string?)device.Element("backend")?.Attribute("type") switch
            {
                "passthrough" => "TPM of the host",
                "external" => "TPM of another program (external)",
                _ => "tpm",
            },
            "smartcard" => $"smart card reader ({(string?)device.Attribute("mode")})",
            "shmem" => $"memory shared with the host (shmem '{(string?)device.Attribute("name")}')",
            "memory" when source?.Element("path") is { } file => $"persistent memory in {file.Value}",
            "memory" => $"memory module ({(string?)device.Attribute("model")})",
            "lease" => $"lease '{(string?)device.Element("key")}' in lockspace '{(string?)device.Element("lockspace")}'",
            "serial" or "parallel" or "console" or "channel" =>
                $"{device.Name.LocalName} {(string?)device.Element("target")?.Attribute("name") ?? $"of type {type}"}",
            "graphics" => $"graphics ({type})",
            _ => Of(device.Name),
        };
    }

    /// <summary>
    /// <c>, index 1</c> where there are several controllers of its type, and the model where controllers share an index, as the
    /// companions of a USB 2 controller do. libvirt counts the controllers of each type from 0
    /// (https://libvirt.org/formatdomain.html#controllers).
    /// </summary>
    private static string OfType(XElement controller, string? type)
    {
        var alike = controller.Parent?.Elements(controller.Name).Where(other => (string?)other.Attribute("type") == type).ToList() ?? [];
        if (alike.Count < 2)
        {
            return string.Empty;
        }

        var indexes = Indexes(alike);
        var own = indexes[alike.IndexOf(controller)];
        var model = indexes.Count(index => index == own) > 1 ? $", model {(string?)controller.Attribute("model")}" : string.Empty;
        return $", index {own}{model}";
    }

    /// <summary>
    /// The index of each controller of a type. One that names none gets the lowest that is free, as libvirt gives it.
    /// </summary>
    private static IReadOnlyList<string> Indexes(IReadOnlyList<XElement> controllers)
    {
        var taken = controllers.Select(controller => (string?)controller.Attribute("index")).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return [.. controllers.Select(controller => (string?)controller.Attribute("index") ?? Enumerable.Range(0, controllers.Count)
            .Select(index => index.ToString(CultureInfo.InvariantCulture)).First(taken.Add))];
    }

    private static string? Any(XElement? source, params string[] attributes) =>
        attributes.Select(name => (string?)source?.Attribute(name)).FirstOrDefault(value => value is not null);
}
