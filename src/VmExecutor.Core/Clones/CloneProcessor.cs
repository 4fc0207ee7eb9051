using System.Xml.Linq;
using VmExecutor.Core.Configuration;

namespace VmExecutor.Core.Clones;

/// <summary>Accelerator, virtual processors and memory.</summary>
internal static class CloneProcessor
{
    public static void Apply(XElement domain, CloneSizes sizes, Accelerator accelerator)
    {
        domain.SetAttributeValue("type", accelerator == Accelerator.Kvm ? "kvm" : "qemu");
        if (accelerator == Accelerator.Tcg)
        {
            UseEmulatedProcessor(domain);
        }

        if (sizes.Cpus is { } cpus)
        {
            SetCpus(domain, cpus);
        }

        if (sizes.Memory is { } memory)
        {
            SetMemory(domain, memory.Bytes / 1024);
        }
    }

    /// <summary>
    /// TCG knows neither the host's processor nor KVM's paravirtual features; <c>maximum</c> is all that it can emulate
    /// (formatdomain, "CPU model and topology").
    /// </summary>
    private static void UseEmulatedProcessor(XElement domain)
    {
        var cpu = domain.Element("cpu");
        if (cpu is not null)
        {
            cpu.ReplaceWith(new XElement("cpu", new XAttribute("mode", "maximum"), cpu.Elements("topology"), cpu.Elements("numa")));
        }
        else if (IsX86(domain))
        {
            domain.Add(new XElement("cpu", new XAttribute("mode", "maximum")));
        }

        domain.Elements("features").Elements().Where(feature => feature.Name.LocalName is "hyperv" or "kvm" or "pvspinlock" or "ioapic").Remove();
        domain.Elements("clock").Elements("timer")
            .Where(timer => (string?)timer.Attribute("name") is "kvmclock" or "hypervclock" or "tsc")
            .Remove();
    }

    private static void SetCpus(XElement domain, int cpus)
    {
        var vcpu = domain.Element("vcpu");
        if (vcpu is null)
        {
            domain.Add(vcpu = new XElement("vcpu"));
        }

        vcpu.Attribute("current")?.Remove();
        vcpu.Value = cpus.ToString(System.Globalization.CultureInfo.InvariantCulture);

        // What spoke of the source's own number of processors no longer fits.
        domain.Elements("vcpus").Remove();
        domain.Elements("cpu").Elements("topology").Remove();
        ForgetNodes(domain);
    }

    private static void SetMemory(XElement domain, long kibibytes)
    {
        domain.Elements("currentMemory").Remove();
        domain.Elements("memory").Remove();
        ForgetNodes(domain);
        domain.Add(new XElement("memory", new XAttribute("unit", "KiB"), kibibytes));
    }

    /// <summary>
    /// Removes the guest's NUMA nodes and everything that names one (memory modules, the places of controllers). The nodes say how many
    /// processors and how much memory each has, so they fit only the source's sizes.
    /// </summary>
    private static void ForgetNodes(XElement domain)
    {
        domain.Elements("cpu").Elements("numa").Remove();
        domain.Elements("maxMemory").Remove();
        domain.Elements("devices").Elements("memory").Remove();
        domain.Elements("devices").Elements("controller").Elements("target").Elements("node").Remove();
    }

    private static bool IsX86(XElement domain) =>
        (string?)domain.Element("os")?.Element("type")?.Attribute("arch") is "x86_64" or "i686";
}
