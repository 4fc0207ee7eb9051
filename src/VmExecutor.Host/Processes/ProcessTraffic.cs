using System.Globalization;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Processes;

/// <summary>The bytes that a process has read and written so far, of files and connections together.</summary>
internal static class ProcessTraffic
{
    /// <returns>In bytes; null: the process is gone, or the kernel does not tell.</returns>
    public static long? Read(int process)
    {
        try
        {
            return Parse(HostFile.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/io")));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }

    /// <summary>proc(5), /proc/pid/io: <c>rchar</c> and <c>wchar</c> count what system calls have moved, to sockets too.</summary>
    internal static long? Parse(IReadOnlyList<string> lines)
    {
        var values = lines.Select(line => line.Split(": ")).Where(parts => parts is ["rchar" or "wchar", _])
            .Select(parts => long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : (long?)null).ToList();
        return values.Count == 2 ? values.Sum() : null;
    }
}
