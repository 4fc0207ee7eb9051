using System.Globalization;
using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Core.Capacity;

/// <summary>What a planned clone will take of the host.</summary>
public static class Need
{
    /// <param name="plan">What the job and the image say.</param>
    /// <param name="source">The source domain, for what they leave to it.</param>
    public static ClaimRecord Of(ClonePlan plan, XElement source) => new(
        plan.Sizes.Memory?.Bytes ?? plan.Image.Memory?.Said?.Bytes ?? Memory(source),
        plan.Sizes.Cpus ?? plan.Image.Cpus?.Said ?? Cpus(source));

    private static int Cpus(XElement source) =>
        int.TryParse((string?)source.Element("vcpu"), NumberStyles.Integer, CultureInfo.InvariantCulture, out var cpus) ? cpus : 1;

    /// <summary>formatdomain, "Memory Allocation": KiB where no unit is given.</summary>
    private static long Memory(XElement source)
    {
        var memory = source.Element("memory");
        long unit = (string?)memory?.Attribute("unit") switch
        {
            "b" or "bytes" => 1,
            "KB" => 1_000,
            "M" or "MiB" => 1 << 20,
            "MB" => 1_000_000,
            "G" or "GiB" => 1 << 30,
            "GB" => 1_000_000_000,
            "T" or "TiB" => 1L << 40,
            "TB" => 1_000_000_000_000,
            _ => 1 << 10,
        };
        return long.TryParse((string?)memory, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) && number is >= 0 and < 1L << 40
            ? (long)Int128.Min((Int128)number * unit, long.MaxValue)
            : 0;
    }
}
