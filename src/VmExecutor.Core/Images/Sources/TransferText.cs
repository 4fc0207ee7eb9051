using System.Globalization;

namespace VmExecutor.Core.Images.Sources;

/// <summary>Describes the progress of a long transfer.</summary>
public static class TransferText
{
    private const double Mebibyte = 1 << 20;

    /// <summary><c>downloading debian-12.qcow2: 45 % (123MiB of 270MiB, 12MiB/s)</c>.</summary>
    /// <param name="what">The action and the file, in words.</param>
    /// <param name="done">Bytes so far, those of earlier attempts included.</param>
    /// <param name="total">Null: not known.</param>
    /// <param name="bytesPerSecond">Null: too early to tell.</param>
    public static string Progress(string what, long done, long? total, double? bytesPerSecond)
    {
        var speed = bytesPerSecond is { } rate ? $", {Size(rate)}/s" : "";
        return total is > 0 and { } all
            ? string.Create(CultureInfo.InvariantCulture, $"{what}: {Percent(done, all)} % ({Size(done)} of {Size(all)}{speed})")
            : $"{what}: {Size(done)}{speed}";
    }

    /// <summary>Rounded down: 100 is the whole.</summary>
    public static int Percent(long done, long total) => (int)Math.Clamp((double)done / total * 100, 0, 100);

    private static string Size(double bytes) => bytes < Mebibyte
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(bytes / 1024):0}KiB")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(bytes / Mebibyte):0}MiB");
}
