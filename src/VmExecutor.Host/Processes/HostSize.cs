using System.Globalization;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Processes;

/// <summary>The size of the host.</summary>
/// <param name="Cpus">Processors that this process may use.</param>
/// <param name="Memory">All memory but what the kernel took for itself (proc(5), MemTotal).</param>
public sealed record HostSize(int Cpus, ByteSize Memory)
{
    private const string MemoryFile = "/proc/meminfo";

    /// <exception cref="SystemFailureException">The kernel does not tell.</exception>
    public static HostSize Read()
    {
        try
        {
            return new HostSize(Environment.ProcessorCount, MemoryIn(HostFile.ReadLines(MemoryFile)));
        }
        catch (Exception e) when (HostFileException.Explains(e) || e is FormatException)
        {
            throw new SystemFailureException(
                ErrorCodes.HostFileFailed,
                $"the host's memory cannot be read from {MemoryFile}: {HostFileException.ReasonOf(e)}",
                "Mount /proc, or write sizes instead of 'auto' into the images' files.",
                e);
        }
    }

    /// <summary>The file's lines are <c>MemTotal:       16313084 kB</c>, whose kB is 1024 bytes.</summary>
    internal static ByteSize MemoryIn(IEnumerable<string> lines)
    {
        const string Key = "MemTotal:";
        var line = lines.FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal)) ?? throw new FormatException($"there is no line {Key}");
        var number = line[Key.Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
        return new ByteSize(long.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture) * 1024);
    }
}
