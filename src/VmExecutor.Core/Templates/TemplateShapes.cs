using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests.Login;

namespace VmExecutor.Core.Templates;

/// <summary>Computes the shape that a clone wants, and the reason when no template has it.</summary>
public static class TemplateShapes
{
    /// <param name="basis">The clone, with an accelerator.</param>
    /// <param name="qemu">Version.</param>
    /// <param name="libvirt">Version.</param>
    /// <param name="hostCpu">What a guest sees of the host's processor under KVM.</param>
    public static TemplateShape Of(CloneBasis basis, string qemu, string libvirt, string hostCpu)
    {
        var (plan, _, stamp, source, chains, accelerator) = basis;

        // Who may log in is decided later; here it only matters by what it is told.
        var login = plan.Image.Ssh.Login switch
        {
            LoginMethod.CloudInit => new LoginMaterial { Seed = plan.Paths.Seed },
            LoginMethod.Baked => LoginMaterial.None,
            _ => new LoginMaterial { OemStrings = ["login"] },
        };
        var clone = LinkedClone.Derive(source, plan with { Login = login, Memory = null }, stamp, chains, accelerator);
        var sizes = MachineSize.Of(clone, FirstDisk(source, plan, chains));
        return new TemplateShape
        {
            Qemu = qemu,
            Libvirt = libvirt,
            Accelerator = accelerator == Accelerator.Kvm ? "kvm" : "tcg",
            Cpu = accelerator == Accelerator.Kvm ? hostCpu : "emulated",
            Machine = (string?)clone.Element("os")?.Element("type")?.Attribute("machine") ?? "default",
            Cpus = sizes.Cpus,
            MemoryBytes = sizes.Memory.Bytes,
            DiskBytes = sizes.Disk.Bytes,
            Devices = MachineDefinition.Hash(clone),
        };
    }

    /// <summary>The reason why none of an image's templates fits; the closest one is compared.</summary>
    /// <param name="wanted">The shape a clone wants.</param>
    /// <param name="there">The shapes of the templates there are.</param>
    /// <param name="image">For the command that helps.</param>
    public static ColdReason Explain(TemplateShape wanted, IReadOnlyList<TemplateShape> there, string image)
    {
        if (there.Count == 0)
        {
            return NoTemplate(image);
        }

        var command = Command(image);
        var ofSize = there.Where(shape => shape.Cpus == wanted.Cpus && shape.MemoryBytes == wanted.MemoryBytes && shape.DiskBytes == wanted.DiskBytes).ToList();
        if (ofSize.Count == 0)
        {
            return new ColdReason("size", $"no template for {Size(wanted, there)}: add the size to 'warm: sizes' and {command}, if jobs often want it");
        }

        var closest = ofSize.MaxBy(shape => Differences(wanted, shape).Count() * -1)!;
        var (word, what) = Differences(wanted, closest).First();
        return new ColdReason(word, $"{what}: {command}");
    }

    /// <summary>None was made for an image's generation.</summary>
    public static ColdReason NoTemplate(string image) =>
        new("no_template", $"image '{image}' has no template for its current generation: {Command(image)}");

    private static string Command(string image) => $"run 'vm-executor image warm {image}'";

    private static string Size(TemplateShape wanted, IReadOnlyList<TemplateShape> there)
    {
        var disk = there.Any(shape => shape.Cpus == wanted.Cpus && shape.MemoryBytes == wanted.MemoryBytes);
        return disk ? $"a disk of {new Values.ByteSize(wanted.DiskBytes)}" : wanted.Size;
    }

    private static IEnumerable<(string Word, string What)> Differences(TemplateShape wanted, TemplateShape there)
    {
        if (wanted.Qemu != there.Qemu)
        {
            yield return ("qemu_changed", $"QEMU changed {there.Qemu} -> {wanted.Qemu}");
        }

        if (wanted.Libvirt != there.Libvirt)
        {
            yield return ("libvirt_changed", $"libvirt changed {there.Libvirt} -> {wanted.Libvirt}");
        }

        if (wanted.Accelerator != there.Accelerator)
        {
            yield return ("accelerator_changed", $"the template was made with {there.Accelerator}, and this host now uses {wanted.Accelerator}");
        }

        if (wanted.Cpu != there.Cpu)
        {
            yield return ("cpu_changed", $"the host's processor, microcode or kernel changed ({there.Cpu} -> {wanted.Cpu})");
        }

        if (wanted.Machine != there.Machine)
        {
            yield return ("devices_changed", $"the machine type changed {there.Machine} -> {wanted.Machine}");
        }

        yield return ("devices_changed", "the machine's definition changed since the template was made (the image's YAML, or the driver)");
    }

    private static Values.ByteSize FirstDisk(XElement source, ClonePlan plan, IReadOnlyDictionary<string, BackingChain> chains) =>
        plan.Sizes.Disk ?? (SourceDisk.WritableOf(source) is [var disk, ..] ? chains[disk.Target].VirtualSize : default);
}
