using System.Globalization;

namespace VmExecutor.Core.Capacity;

/// <summary>Measured sizes for people, to one decimal: <c>5.1GiB</c>, <c>2GiB</c>, <c>640KiB</c>.</summary>
public static class RoughSize
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <param name="bytes">Less than nothing is said as nothing.</param>
    public static string Of(long bytes)
    {
        var number = (double)Math.Max(0, bytes);
        var unit = 0;
        while (Math.Round(number, 1) >= 1024 && unit < Units.Length - 1)
        {
            number /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{number:0.#}{Units[unit]}");
    }
}
