using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Hypervisor;

/// <summary>The host kernel's log, as far as it tells of a QEMU killed for want of memory (dev-kmsg: Documentation/ABI/testing).</summary>
internal static partial class KernelLog
{
    private const int ReadOnly = 0;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int BrokenPipe = 32;
    private const double MicrosecondsPerSecond = 1e6;
    private const int MaxRecords = 100_000;
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    /// <summary>The kernel's line; null when it killed none within half a minute of that time, or we may not read its log.</summary>
    public static string? FindKilledQemu(DateTimeOffset time, DateTimeOffset now)
    {
        try
        {
            var booted = now - Uptime(HostFile.ReadAllText("/proc/uptime"));
            return Find(Read(), time - booted);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }

    /// <summary>Records look like <c>3,1234,56789012,-;Out of memory: Killed process 4711 (qemu-system-x86) …</c>, with microseconds since boot.</summary>
    internal static string? Find(IEnumerable<string> records, TimeSpan sinceBoot) => records
        .Select(record => Killed().Match(record))
        .Where(match => match.Success && Math.Abs((double.Parse(match.Groups["time"].ValueSpan, CultureInfo.InvariantCulture) / MicrosecondsPerSecond) - sinceBoot.TotalSeconds) < Margin.TotalSeconds)
        .Select(match => match.Groups["line"].Value)
        .LastOrDefault();

    private static TimeSpan Uptime(string text) => TimeSpan.FromSeconds(double.Parse(text.Split(' ')[0], CultureInfo.InvariantCulture));

    private static List<string> Read()
    {
        // At its end this file blocks for ever.
        using var log = Libc.Open("/dev/kmsg", ReadOnly | NonBlocking | CloseOnExec);
        var records = new List<string>();
        var buffer = new byte[8192];
        while (!log.IsInvalid && records.Count < MaxRecords)
        {
            var count = Libc.Read(log, buffer, (nuint)buffer.Length);
            if (count > 0)
            {
                records.Add(Encoding.UTF8.GetString(buffer, 0, (int)count));
            }
            else if (count == 0 || Marshal.GetLastPInvokeError() != BrokenPipe)
            {
                break;
            }
        }

        return records;
    }

    [GeneratedRegex(@"^[0-9]+,[0-9]+,(?<time>[0-9]{1,18}),[^;]*;(?<line>[^\n]*Killed process [0-9]+ \([^)]*(?:qemu|kvm)[^)]*\)[^,\n]*)")]
    private static partial Regex Killed();
}
