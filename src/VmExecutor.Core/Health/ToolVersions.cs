using System.Globalization;

namespace VmExecutor.Core.Health;

/// <summary>Versions of the tools that the driver works with.</summary>
internal static class ToolVersions
{
    public static Finding Decide(Check check, string found, string version, KnownVersions known)
    {
        var told = string.Join("; ", known.Losses.Prepend(found));
        return Parse(version) is { } parsed && parsed < known.OldestTried
            ? check.Warning(
                $"{told}; older than {known.OldestTried}, the oldest that this driver was tried with", "apt-get install libvirt-daemon-system qemu-system-x86 qemu-utils   # of a newer release")
            : check.Ok(told);
    }

    public static Version? Parse(string version) =>
        version.Split('.') is [var major, var minor, ..]
        && int.TryParse(major, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
        && int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out var second)
            ? new Version(first, second)
            : null;
}
