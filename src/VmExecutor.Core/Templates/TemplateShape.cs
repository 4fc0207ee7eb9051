using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Templates;

/// <summary>
/// Everything that must be equal for a frozen memory to fit a machine. QEMU reads a state only into the machine that it was taken from,
/// and a guest must find the processor that it has booted on.
/// </summary>
public sealed record TemplateShape
{
    public required string Qemu { get; init; }

    public required string Libvirt { get; init; }

    /// <summary><c>kvm</c> or <c>tcg</c>.</summary>
    public required string Accelerator { get; init; }

    /// <summary>The host's processor as the guest sees it; the same for all hosts where it is emulated.</summary>
    public required string Cpu { get; init; }

    /// <summary>Machine type, as the definition has it.</summary>
    public required string Machine { get; init; }

    public required int Cpus { get; init; }

    public required long MemoryBytes { get; init; }

    /// <summary>The virtual size of the first disk.</summary>
    public required long DiskBytes { get; init; }

    /// <summary>A hash of everything else of the machine's definition that is not a single clone's own.</summary>
    public required string Devices { get; init; }

    /// <summary>Names the template's directory: the hash of all this.</summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(
        '\n',
        Qemu, Libvirt, Accelerator, Cpu, Machine, Devices,
        Cpus.ToString(CultureInfo.InvariantCulture), MemoryBytes.ToString(CultureInfo.InvariantCulture), DiskBytes.ToString(CultureInfo.InvariantCulture)))))[..16];

    /// <summary><c>2 CPUs, 1GiB memory</c>.</summary>
    public string Size => string.Create(CultureInfo.InvariantCulture, $"{Quantity.Of(Cpus, "CPU")}, {new ByteSize(MemoryBytes)} memory");
}
