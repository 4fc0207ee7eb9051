using System.Xml.Linq;

namespace VmExecutor.Core.Clones;

/// <summary>
/// The host's ends of serial ports, consoles and channels. The first serial port writes the console log. libvirt opens a socket of the
/// clone's own for the guest agent. All other ends are connected to nothing.
/// </summary>
internal static class CloneEndpoints
{
    private const string GuestAgent = "org.qemu.guest_agent.0";

    public static void Apply(XElement domain, JobPaths paths)
    {
        var devices = domain.Element("devices")!;
        devices.Elements().Elements("alias").Remove();

        // libvirt adds the console that is the first serial port once more.
        devices.Elements("console").Where(console => (string?)console.Element("target")?.Attribute("type") is null or "serial").Remove();
        foreach (var port in devices.Elements().Where(device => device.Name.LocalName is "console" or "parallel").ToList())
        {
            Connect(port, "null");
        }

        foreach (var channel in devices.Elements("channel"))
        {
            Connect(channel, (string?)channel.Element("target")?.Attribute("name") == GuestAgent ? "unix" : "null");
        }

        ConnectSerials(devices, paths);
        foreach (var vsock in devices.Elements("vsock"))
        {
            vsock.Elements("cid").Remove();
            vsock.Add(new XElement("cid", new XAttribute("auto", "yes")));
        }
    }

    private static void ConnectSerials(XElement devices, JobPaths paths)
    {
        var serials = devices.Elements("serial").ToList();
        if (serials.Count == 0)
        {
            var serial = new XElement("serial");
            devices.Add(serial);
            serials.Add(serial);
        }

        serials.ForEach(serial => Connect(serial, "null"));
        serials[0].SetAttributeValue("type", "file");
        serials[0].AddFirst(new XElement("source", new XAttribute("path", paths.Console.Value)));
    }

    private static void Connect(XElement port, string type)
    {
        port.Elements().Where(e => e.Name.LocalName is "source" or "protocol" or "log").Remove();
        port.SetAttributeValue("type", type);
    }
}
