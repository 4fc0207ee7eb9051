using System.Xml.Linq;

namespace VmExecutor.Core.Clones;

/// <summary>
/// The host's ends of consoles, channels and displays: sockets, ports and files of the source must not be opened twice. The
/// first serial port writes the console log; displays are left out, since nobody looks at a job's screen.
/// </summary>
internal static class CloneEndpoints
{
    public static void Apply(XElement domain, JobPaths paths)
    {
        var devices = domain.Element("devices")!;
        devices.Elements().Where(IsDisplaySide).Remove();
        devices.Elements("console").Remove();
        devices.Elements().Elements("alias").Remove();
        ConnectSerials(devices, paths);
        foreach (var channel in devices.Elements("channel"))
        {
            // libvirt then picks a socket path of the clone's own.
            channel.Elements("source").Remove();
        }

        foreach (var vsock in devices.Elements("vsock"))
        {
            vsock.Elements("cid").Remove();
            vsock.Add(new XElement("cid", new XAttribute("auto", "yes")));
        }

        foreach (var backend in devices.Elements("tpm").Elements("backend"))
        {
            backend.SetAttributeValue("persistent_state", null);
        }
    }

    private static bool IsDisplaySide(XElement device) => device.Name.LocalName switch
    {
        "graphics" or "redirdev" or "redirfilter" or "audio" => true,
        "smartcard" => (string?)device.Attribute("mode") == "passthrough",
        "channel" or "parallel" => (string?)device.Attribute("type") is not ("unix" or "null"),
        _ => false,
    };

    private static void ConnectSerials(XElement devices, JobPaths paths)
    {
        var serials = devices.Elements("serial").ToList();
        if (serials.Count == 0)
        {
            var serial = new XElement("serial");
            devices.Add(serial);
            serials.Add(serial);
        }

        foreach (var serial in serials)
        {
            serial.Elements().Where(e => e.Name.LocalName is "source" or "protocol" or "log").Remove();
            serial.SetAttributeValue("type", "null");
        }

        serials[0].SetAttributeValue("type", "file");
        serials[0].AddFirst(new XElement("source", new XAttribute("path", paths.Console.Value)));
    }
}
