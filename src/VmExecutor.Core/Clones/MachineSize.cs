using System.Globalization;
using System.Xml.Linq;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>The sizes of a machine.</summary>
/// <param name="Cpus">Virtual processors.</param>
/// <param name="Memory">The most that the guest may take.</param>
/// <param name="Disk">The virtual size of its first writable disk; nothing: it has none.</param>
public sealed record MachineSize(int Cpus, ByteSize Memory, ByteSize Disk)
{
    /// <summary>As a domain's XML says it (formatdomain, "CPU Allocation" and "Memory Allocation").</summary>
    /// <param name="domain">Inactive domain XML.</param>
    /// <param name="disk">The virtual size of its first writable disk, which the XML does not tell.</param>
    public static MachineSize Of(XElement domain, ByteSize disk)
    {
        var vcpu = domain.Element("vcpu");
        return new MachineSize(Number((string?)vcpu?.Attribute("current") ?? vcpu?.Value) ?? 1, MemoryOf(domain.Element("memory")), disk);
    }

    /// <summary>Of a clone with these sizes.</summary>
    public MachineSize With(CloneSizes sizes) => new(sizes.Cpus ?? Cpus, sizes.Memory ?? Memory, sizes.Disk ?? Disk);

    /// <summary><c>2 CPUs, 1GiB memory, 8GiB disk</c>.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Quantity.Of(Cpus, "CPU")}, {Memory} memory{(Disk.Bytes == 0 ? "" : $", {Disk} disk")}");

    private static ByteSize MemoryOf(XElement? memory)
    {
        // libvirt takes its units without regard to case, and a bare letter for the one by 1024 (virScaleInteger).
        var unit = ((string?)memory?.Attribute("unit") ?? "KiB").ToUpperInvariant() switch
        {
            "B" or "BYTES" => 1L,
            "KB" => 1_000,
            "K" or "KIB" => 1L << 10,
            "MB" => 1_000_000,
            "M" or "MIB" => 1L << 20,
            "GB" => 1_000_000_000,
            "G" or "GIB" => 1L << 30,
            "TB" => 1_000_000_000_000,
            "T" or "TIB" => 1L << 40,
            "PB" => 1_000_000_000_000_000,
            "P" or "PIB" => 1L << 50,
            "EB" => 1_000_000_000_000_000_000,
            "E" or "EIB" => 1L << 60,
            _ => 0,
        };
        return long.TryParse(memory?.Value.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && unit > 0 && number <= long.MaxValue / unit
            ? new ByteSize(number * unit)
            : default;
    }

    private static int? Number(string? text) =>
        int.TryParse(text?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;
}
