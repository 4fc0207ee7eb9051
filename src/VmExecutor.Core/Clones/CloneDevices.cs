using System.Xml.Linq;
using VmExecutor.Core.Clones.Parts;

namespace VmExecutor.Core.Clones;

/// <summary>Other devices whose host's side is the clone's own: sound, random numbers, watchdog, and the store for crash logs.</summary>
internal static class CloneDevices
{
    public static void Apply(XElement domain, JobPaths paths)
    {
        var devices = domain.Element("devices")!;
        Silence(devices);
        foreach (var rng in devices.Elements("rng").Where(rng => rng.Element("backend") is null))
        {
            rng.Add(new XElement("backend", new XAttribute("model", "random"), "/dev/urandom"));
        }

        // Without the word a guest that hangs is reset; where the source has another that a job cannot have, it is over.
        foreach (var watchdog in devices.Elements("watchdog").Where(watchdog => DomainWalk.SourceOf(watchdog).Attribute("action") is not null && watchdog.Attribute("action") is null))
        {
            watchdog.SetAttributeValue("action", "poweroff");
        }

        foreach (var store in devices.Elements("pstore"))
        {
            store.SetElementValue("path", paths.Pstore.Value);
        }
    }

    /// <summary>Sound cards stay, and play to nothing: libvirt wants each to name an output, or none to name one.</summary>
    private static void Silence(XElement devices)
    {
        devices.Elements("audio").Remove();
        devices.Elements("sound").Elements("audio").Remove();
        if (devices.Elements("sound").Any())
        {
            devices.Add(new XElement("audio", new XAttribute("id", 1), new XAttribute("type", "none")));
        }
    }
}
