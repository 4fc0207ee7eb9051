using System.Xml.Linq;

namespace VmExecutor.Core.Clones;

/// <summary>
/// Puts a clone's parts into the order in which libvirt writes them (virDomainDefFormatInternalSetRootName in domain_conf.c). libvirt reads any order, but its
/// schema, as libxml2 checks it, does not: <c>on_crash</c> behind <c>devices</c> is "Extra element devices in interleave".
/// </summary>
internal static class CloneOrder
{
    private static readonly IReadOnlyList<string> Order =
    [
        "name", "uuid", "genid", "title", "description", "metadata", "maxMemory", "memory", "currentMemory", "blkiotune", "memtune", "memoryBacking", "vcpu", "vcpus",
        "iothreads", "iothreadids", "defaultiothread", "throttlegroups", "cputune", "numatune", "resource", "sysinfo", "os", "features", "cpu", "clock",
        "on_poweroff", "on_reboot", "on_crash", "on_lockfailure", "pm", "perf", "devices", "seclabel", "keywrap", "launchSecurity",
    ];

    public static void Apply(XElement domain)
    {
        var elements = domain.Elements().OrderBy(Place).ToList();
        domain.RemoveNodes();
        domain.Add(elements);
    }

    /// <summary>Elements of a single hypervisor come last.</summary>
    private static int Place(XElement element)
    {
        for (var place = 0; place < Order.Count; place++)
        {
            if (element.Name == Order[place])
            {
                return place;
            }
        }

        return Order.Count;
    }
}
