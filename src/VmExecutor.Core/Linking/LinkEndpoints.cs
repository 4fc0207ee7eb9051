using System.Xml.Linq;
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
            device.Elements("alias").Remove();
            switch (device.Name.LocalName)
            {
                case "graphics":
                    FreeDisplay(device);
                    break;
                case "channel" when (string?)device.Attribute("type") == "unix" && IsServed(device):
                    // libvirt then picks a socket path of the clone's own.
                    device.Elements("source").Remove();
                    break;
                case "serial" or "parallel" or "console" or "channel":
                    OwnFiles(device, plan);
                    break;
                case "vsock":
                    device.Elements("cid").Remove();
                    device.Add(new XElement("cid", new XAttribute("auto", "yes")));
                    break;
                case "tpm":
                    // A directory that the source's emulator has (libvirt 10.10).
                    device.Elements("backend").Elements("source").Remove();
                    break;
            }
        }
    }

    /// <summary>Whether a display is where another machine's would be, too.</summary>
    internal static bool HasFixedPort(XElement graphics) => FixedPorts.Any(name => (string?)graphics.Attribute(name) is not (null or "-1"));

    private static void FreeDisplay(XElement graphics)
    {
        foreach (var listen in graphics.Elements("listen"))
        {
            listen.SetAttributeValue("socket", null);
        }

        if (HasFixedPort(graphics))
        {
            FixedPorts.ToList().ForEach(name => graphics.SetAttributeValue(name, null));
            graphics.SetAttributeValue("autoport", "yes");
        }
    }

    private static void OwnFiles(XElement device, LinkPlan plan)
    {
        var files = device.Elements("log").Attributes("file");
        if ((string?)device.Attribute("type") is "file" || ((string?)device.Attribute("type") is "unix" && IsServed(device)))
        {
            files = files.Concat(device.Elements("source").Attributes("path"));
        }

        foreach (var file in files.Where(file => AbsolutePath.TryParse(file.Value, out _)).ToList())
        {
            file.Value = Own(new AbsolutePath(file.Value), plan).Value;
        }
    }

    /// <summary><c>/var/log/base.log</c> becomes <c>/var/log/base-clone.log</c>; a file without the source's name in its own gets the clone's added.</summary>
    private static AbsolutePath Own(AbsolutePath path, LinkPlan plan) => path.Parent().Child(
        path.Name.Contains(plan.Source, StringComparison.Ordinal)
            ? path.Name.Replace(plan.Source, plan.Name.Value, StringComparison.Ordinal)
            : $"{path.Name}.{plan.Name}");

    private static bool IsServed(XElement device) => (string?)device.Element("source")?.Attribute("mode") is null or "bind";
}
