using System.Globalization;
using System.Xml.Linq;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>
/// The machine around a bare disk file: q35, virtio disk, network and random numbers, a serial console, no option ROM, no
/// graphics, no USB. It is a source domain like any other, from which the linked clone is derived.
/// </summary>
public static class BuiltInMachine
{
    public static readonly ByteSize DefaultMemory = ByteSize.FromMebibytes(1024);
    public const int DefaultCpus = 1;

    /// <summary>Domain XML (formatdomain) of an image with a disk file as its source.</summary>
    /// <param name="image">The image; its sizes are filled in.</param>
    /// <param name="source">Its disk and kernel.</param>
    /// <param name="architecture">QEMU's name of the host's architecture: <c>x86_64</c>, <c>aarch64</c>.</param>
    public static XElement Describe(ImageDefinition image, ImageSource.DiskFile source, string architecture)
    {
        var isX86 = architecture == "x86_64";
        var memoryKib = (image.Memory?.Said ?? DefaultMemory).Bytes / 1024;
        var domain = XmlText.Parse(string.Create(CultureInfo.InvariantCulture, $"""
            <domain type='kvm'>
              <name>source</name>
              <memory unit='KiB'>{memoryKib}</memory>
              <vcpu>{image.Cpus?.Said ?? DefaultCpus}</vcpu>
              <os>
                <type arch='{architecture}' machine='{(isX86 ? "q35" : "virt")}'>hvm</type>
              </os>
              <features><acpi/>{(isX86 ? "<apic/>" : "<gic/>")}</features>
              <cpu mode='host-passthrough'/>
              <clock offset='utc'/>
              <devices>
                <disk type='file' device='disk'>
                  <driver name='qemu'/>
                  <source/>
                  <target dev='vda' bus='virtio'/>
                </disk>
                <interface type='user'>
                  <model type='virtio'/>
                  <rom enabled='no'/>
                </interface>
                <serial type='null'/>
                {(isX86 ? "<controller type='usb' model='none'/>" : "")}
                <memballoon model='none'/>
                <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
                {(isX86 ? "<panic model='isa'/>" : "")}
              </devices>
            </domain>
            """));
        var disk = domain.Element("devices")!.Element("disk")!;
        disk.Element("source")!.SetAttributeValue("file", source.Path.Value);
        disk.Element("driver")!.SetAttributeValue("type", source.Format?.ToString().ToLowerInvariant());
        AddBoot(domain.Element("os")!, source.Kernel);
        return domain;
    }

    private static void AddBoot(XElement os, DirectKernelBoot? kernel)
    {
        if (kernel is null)
        {
            os.Add(new XElement("boot", new XAttribute("dev", "hd")));
            return;
        }

        // A kernel given directly boots once. One that resets (panic=1) would otherwise boot in circles until the time is over.
        os.Parent!.Add(new XElement("on_reboot", "destroy"));
        os.Add(new XElement("kernel", kernel.Kernel.Value));
        if (kernel.Initrd is { } initrd)
        {
            os.Add(new XElement("initrd", initrd.Value));
        }

        if (!string.IsNullOrWhiteSpace(kernel.Cmdline))
        {
            os.Add(new XElement("cmdline", kernel.Cmdline));
        }
    }
}
