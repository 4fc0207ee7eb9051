using System.Xml.Linq;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Linking;

/// <summary>The host's ends of consoles, channels and displays, where the source names one that the clone cannot open as well.</summary>
internal static class LinkEndpoints
{
    private static readonly string[] FixedPorts = ["port", "tlsPort", "websocket", "socket"];

    public static void Apply(XElement domain, LinkPlan plan)
    {
        var devices = domain.Element("devices");
        foreach (var device in devices?.Elements() ?? [])
        {
            switch (device.Name.LocalName)
            {
                case "graphics":
                    FreeDisplay(device);
                    break;
                case "serial" or "parallel" or "console" or "channel":
                    OwnFiles(device, plan);
                    break;
                case "vsock":
                    device.Add(new XElement("cid", new XAttribute("auto", "yes")));
                    break;
            }
        }
    }

    /// <summary>True when a display is at a place that another machine's display would want, too.</summary>
    internal static bool HasFixedPort(XElement graphics) => FixedPorts.Any(name => (string?)graphics.Attribute(name) is not (null or "-1"));

    private static void FreeDisplay(XElement graphics)
    {
        var source = DomainWalk.SourceOf(graphics);
        if (HasFixedPort(source))
        {
            graphics.SetAttributeValue("autoport", "yes");
        }
        else
        {
            graphics.Add(source.Attributes().Where(attribute => attribute.Name.LocalName is "autoport" || FixedPorts.Contains(attribute.Name.LocalName)).Where(
                attribute => graphics.Attribute(attribute.Name) is null));
        }
    }

    /// <summary>Gives the clone files and sockets of its own beside the source's, which are not copied.</summary>
    private static void OwnFiles(XElement device, LinkPlan plan)
    {
        foreach (var (element, attribute) in new[] { ("log", "file"), ("source", "path") })
        {
            if (device.Element(element) is { } own
                && own.Attribute(attribute) is null
                && AbsolutePath.TryParse((string?)DomainWalk.SourceOf(own).Attribute(attribute), out var path)
                && (element == "log" || (string?)device.Attribute("type") != "pty"))
            {
                own.SetAttributeValue(attribute, Own(path, plan).Value);
            }
        }
    }

    /// <summary><c>/var/log/base.log</c> becomes <c>/var/log/base-clone.log</c>; a file without the source's name in its own gets the clone's added.</summary>
    private static AbsolutePath Own(AbsolutePath path, LinkPlan plan) => path.Parent().Child(
        path.Name.Contains(plan.Source, StringComparison.Ordinal)
            ? path.Name.Replace(plan.Source, plan.Name.Value, StringComparison.Ordinal)
            : $"{path.Name}.{plan.Name}");
}
