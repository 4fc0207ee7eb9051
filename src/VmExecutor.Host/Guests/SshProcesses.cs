using System.Globalization;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Guests;

/// <summary>Finds the ssh processes of a job in the process table, also those whose stage was killed or whose socket is gone.</summary>
internal static class SshProcesses
{
    public static IReadOnlyList<int> Find(DomainName domain)
    {
        var mark = SshArguments.HostKeyAlias(domain);
        return [.. Directory.EnumerateDirectories("/proc")
            .Select(directory => int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0 && IsSsh(id, mark))];
    }

    private static bool IsSsh(int id, string mark)
    {
        try
        {
            var arguments = File.ReadAllText($"/proc/{id}/cmdline").Split('\0');
            return Path.GetFileName(arguments[0]) == "ssh" && arguments.Contains(mark);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
