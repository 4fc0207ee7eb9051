using System.Globalization;

namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>The kernel's figures of a VM's mapping of its template's memory (<c>/proc/PID/smaps</c>).</summary>
/// <param name="SizeKibibytes">Of the mapping: all memory the guest has.</param>
/// <param name="OwnKibibytes">Pages that this VM has written, and shares with no other process.</param>
internal sealed record GuestMemory(long SizeKibibytes, long OwnKibibytes)
{
    /// <param name="domain">A clone that has woken up.</param>
    public static async Task<GuestMemory> OfAsync(string domain)
    {
        var process = (await HostCommand.LinesAsync("ps", "-ww", "-eo", "pid=,args="))
            .Single(line => line.Contains($"guest={domain},", StringComparison.Ordinal)).Split(' ', 2)[0];
        var (size, own, isRam) = (0L, 0L, false);
        foreach (var line in await File.ReadAllLinesAsync($"/proc/{process}/smaps"))
        {
            if (line.Split(' ')[0].Contains('-', StringComparison.Ordinal))
            {
                isRam = line.EndsWith("/ram.img", StringComparison.Ordinal);
            }
            else if (isRam)
            {
                size += Kibibytes(line, "Size:");
                own += Kibibytes(line, "Private_Dirty:");
            }
        }

        return new GuestMemory(size, own);
    }

    private static long Kibibytes(string line, string name) => line.StartsWith(name, StringComparison.Ordinal)
        ? long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture)
        : 0;
}
