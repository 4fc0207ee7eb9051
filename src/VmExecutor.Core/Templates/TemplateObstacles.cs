using System.Xml.Linq;
using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Templates;

/// <summary>The parts of a machine that keep it from being frozen and woken up many times.</summary>
public static class TemplateObstacles
{
    /// <summary>One sentence for each; empty: nothing stands in the way.</summary>
    /// <param name="source">Domain XML of the source.</param>
    /// <param name="network">What its clones' first card is connected to.</param>
    public static IReadOnlyList<string> In(XElement source, NetworkMode network)
    {
        var devices = source.Elements("devices").Elements().ToLookup(device => device.Name.LocalName);
        var found = new List<string>();
        if (source.Element("memoryBacking") is { } backing && backing.Elements().Any(element => element.Name.LocalName is "hugepages" or "source" or "allocation" or "locked"))
        {
            found.Add("it says itself where its memory is (memoryBacking)");
        }

        if (source.Elements("cpu").Elements("numa").Any() || source.Element("maxMemory") is not null || devices["memory"].Any())
        {
            found.Add("its memory is in several parts (cpu/numa, maxMemory or memory devices)");
        }

        if (devices["tpm"].Any())
        {
            found.Add("it has a TPM, whose secrets all clones would share (tpm)");
        }

        if (network == NetworkMode.Libvirt && devices["interface"].Count() > 1)
        {
            found.Add("it has several network cards on networks of the host, of which only one is exchanged in each clone (interface)");
        }

        return found;
    }
}
