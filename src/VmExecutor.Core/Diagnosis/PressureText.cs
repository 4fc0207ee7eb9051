using System.Globalization;

namespace VmExecutor.Core.Diagnosis;

/// <summary>Reads the kernel's reports of its load.</summary>
public static class PressureText
{
    /// <summary>The first number of <c>/proc/loadavg</c>: <c>0.20 0.18 0.12 1/80 11206</c>.</summary>
    public static double? Load(string loadavg) => Number(loadavg.Split(' ')[0]);

    /// <summary>From <c>some avg10=1.53 avg60=…</c> (Documentation/accounting/psi.rst).</summary>
    public static double? SomeOfTenSeconds(string pressure)
    {
        const string Mark = "some avg10=";
        var start = pressure.IndexOf(Mark, StringComparison.Ordinal);
        return start < 0 ? null : Number(pressure[(start + Mark.Length)..].Split(' ', '\n')[0]);
    }

    /// <summary>The bytes of one line of <c>/proc/meminfo</c>: <c>MemTotal:       24683900 kB</c>; 0 when there is none.</summary>
    public static long Memory(IEnumerable<string> meminfo, string name) =>
        meminfo.Select(line => line.Split([':', ' '], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words is [_, _, "kB"] && words[0] == name)
            .Select(words => long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number * 1024 : 0)
            .FirstOrDefault();

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;
}
