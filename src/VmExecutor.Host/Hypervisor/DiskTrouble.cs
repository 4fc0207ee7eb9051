using System.Globalization;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Hypervisor;

/// <summary>Finds the reason why QEMU could not write to the disks of a job: full, or broken.</summary>
internal static class DiskTrouble
{
    // QEMU halts a guest for want of room only when it is asked for some; a few clusters of qcow2 may be left over.
    private const long AsGoodAsFull = 16 << 20;

    /// <param name="jobDirectory">Where the overlays are, or were.</param>
    public static GuestDeath Explain(AbsolutePath jobDirectory) => FreeBytes(jobDirectory) switch
    {
        < AsGoodAsFull and var free => new(
            $"was halted because this host's disk is full: {Mebibytes(free)} MiB are left below {jobDirectory.Parent()}",
            $"Make room (df -h {jobDirectory.Parent()}), or move state_dir to a larger disk; a VM takes there what its job writes."),
        var free => new(
            $"was halted because a disk write failed on this host{(free is { } bytes ? $", with {Mebibytes(bytes)} MiB free below {jobDirectory.Parent()}" : "")}",
            $"See the host's kernel log (dmesg) for errors of that disk; or it was full a moment ago: df -h {jobDirectory.Parent()}"),
    };

    private static string Mebibytes(long bytes) => (bytes >> 20).ToString(CultureInfo.InvariantCulture);

    private static long? FreeBytes(AbsolutePath directory)
    {
        try
        {
            // Any path will do, not only a mount point: it is statvfs(3).
            return HostDirectory.Room(directory.Parent().Value).Free;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }
}
