using System.Globalization;

namespace VmExecutor.Core.Health;

/// <summary>Versions of the tools that the driver works with.</summary>
internal static class ToolVersions
{
    /// <summary>Debian 12's, with which the driver is tested; older ones were never tried.</summary>
    public static readonly Version OldestLibvirt = new(9, 0);
    public static readonly Version OldestQemu = new(7, 2);

    public static Finding Decide(Check check, string found, string version, Version oldest) => Parse(version) is { } parsed && parsed < oldest
        ? check.Warning($"{found}; older than {oldest}, the oldest that this driver was tried with", "apt-get install libvirt-daemon-system qemu-system-x86 qemu-utils   # of a newer release")
        : check.Ok(found);

    public static Version? Parse(string version) =>
        version.Split('.') is [var major, var minor, ..]
        && int.TryParse(major, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
        && int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out var second)
            ? new Version(first, second)
            : null;
}
