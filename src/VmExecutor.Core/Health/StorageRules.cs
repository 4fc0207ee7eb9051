using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health;

/// <summary>Whether there is room for overlays, and whether the file system below them is a good one.</summary>
public static class StorageRules
{
    /// <param name="path">What was looked at: <c>state_dir</c>, or what will hold it.</param>
    /// <param name="total">Bytes; null: the file system does not say.</param>
    /// <param name="free">Bytes.</param>
    /// <param name="limits">In force.</param>
    /// <param name="settingsFile">Where they are said.</param>
    public static Finding DecideSpace(AbsolutePath path, long? total, long? free, LimitSettings limits, AbsolutePath settingsFile)
    {
        if (total is not { } all || free is not { } left)
        {
            return Checks.DiskSpace.Warning($"the file system of {path} does not say how much is free: nobody stops jobs before it is full", $"df -h {ShellText.Quote(path.Value)}");
        }

        var (headroom, watermark) = (limits.DiskHeadroom.Bytes, limits.DiskWatermark.Bytes);
        var largest = $"du -xh --max-depth=3 {ShellText.Quote(path.Value)} | sort -h | tail   # what takes the space; then: vm-executor gc; vm-executor image prune";
        return left switch
        {
            _ when all < headroom => Checks.DiskSpace.Problem(
                $"the file system of {path} has {RoughSize.Of(all)} altogether, and {RoughSize.Of(headroom)} must stay free (limits.disk_headroom): no VM is ever started (VMX1511)",
                $"limits: {{disk_headroom: {Mebibytes(all / 4)}MiB}}   # in {settingsFile}; or a larger disk"),
            _ when left < watermark => Checks.DiskSpace.Problem(
                $"{RoughSize.Of(left)} are free in {path}, less than limits.disk_watermark ({RoughSize.Of(watermark)}): jobs are stopped (VMX1512)", largest),
            _ when left < headroom => Checks.DiskSpace.Problem(
                $"{RoughSize.Of(left)} are free in {path}, less than limits.disk_headroom ({RoughSize.Of(headroom)}): no VM is started, jobs wait (VMX1510)", largest),
            _ when left < 2 * headroom => Checks.DiskSpace.Warning(
                $"{RoughSize.Of(left)} are free in {path}; below {RoughSize.Of(headroom)} (limits.disk_headroom) no VM is started", largest),
            _ => Checks.DiskSpace.Ok($"{RoughSize.Of(left)} of {RoughSize.Of(all)} are free in {path}"),
        };
    }

    /// <param name="path">What was looked at.</param>
    /// <param name="type">The kernel's name of the file system; null: not known.</param>
    /// <param name="reflinks">Whether a copy shared its blocks; null: not tried.</param>
    public static Finding DecideFileSystem(AbsolutePath path, string? type, bool? reflinks) => (type, reflinks) switch
    {
        ("tmpfs" or "ramfs", _) => Checks.FileSystem.Warning(
            $"{path} is on {type}: what jobs write takes memory, and published images are gone after a restart", "state_dir: /var/lib/vm-executor   # on a disk"),
        ("nfs" or "nfs4" or "cifs" or "smb2" or "smb3" or "fuse" or "ceph" or "9p" or "virtiofs", _) => Checks.FileSystem.Warning(
            $"{path} is on {type}: overlays on a network are slow, and locks are the server's", "state_dir: /var/lib/vm-executor   # on a disk of this host; base disks may stay on the network"),
        (_, true) => Checks.FileSystem.Ok($"{path} is on {type}, which can share blocks (reflink): publishing copies nothing"),
        _ => Checks.FileSystem.Ok($"{path} is on {type ?? "an unknown file system"}, without reflinks: publishing copies what a disk holds (XFS and Btrfs need not)"),
    };

    private static long Mebibytes(long bytes) => Math.Max(1, bytes >> 20);
}
