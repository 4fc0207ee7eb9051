using System.Globalization;
using VmExecutor.Core.Benchmarks;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Processes;

/// <summary>The memory that a clone really takes, by the kernel's word.</summary>
/// <param name="PssBytes">Of the whole process; null: it is gone, or not ours to look at.</param>
/// <param name="OwnGuestMemoryBytes">Guest memory that only it has; null: cannot be told.</param>
public sealed record GuestMemory(long? PssBytes, long? OwnGuestMemoryBytes)
{
    /// <summary>
    /// The guest memory that the guest has touched, in bytes, pages of a template's file included; null: cannot be told.
    /// </summary>
    public long? TouchedBytes { get; init; }

    /// <param name="qemu">The clone's process.</param>
    /// <param name="ram">The memory file of the template it woke up from; null: it booted.</param>
    /// <param name="guestBytes">How much memory the guest has.</param>
    public static GuestMemory Read(int qemu, AbsolutePath? ram, long guestBytes)
    {
        var process = string.Create(CultureInfo.InvariantCulture, $"/proc/{qemu}");
        try
        {
            var maps = MemoryMap.Parse(HostFile.ReadLines($"{process}/smaps"));
            return new GuestMemory(MemoryMap.Pss(HostFile.ReadLines($"{process}/smaps_rollup")), MemoryMap.OwnGuestMemory(maps, ram?.Value, guestBytes))
            {
                TouchedBytes = MemoryMap.TouchedGuestMemory(maps, ram?.Value, guestBytes),
            };
        }
        catch (Exception gone) when (HostFileException.Explains(gone))
        {
            return new GuestMemory(null, null);
        }
    }
}
