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
    /// <param name="mounted">The file system; null: not known.</param>
    /// <param name="reflinks">Whether a copy shared its blocks; null: not tried.</param>
    public static Finding DecideFileSystem(AbsolutePath path, MountedFileSystem? mounted, bool? reflinks) => mounted switch
    {
        // A state_dir in memory may be meant: a host with much of it, whose jobs are short.
        { Type: "tmpfs" or "ramfs", IsReadOnly: false } when !IsDeviceDirectory(mounted) => Checks.FileSystem.Warning(
            $"{path} is on {mounted.Type}: what jobs write takes memory, and published images are gone after a restart", "state_dir: /var/lib/vm-executor   # on a disk"),
        { ObstacleForDisks: { } obstacle } => Checks.FileSystem.Problem($"{path} cannot hold overlays: {obstacle}", "state_dir: /var/lib/vm-executor   # on a disk"),
        { IsOnNetwork: true } => Checks.FileSystem.Warning(
            $"{path} is on {mounted.Type}: overlays on a network are slow, and locks are the server's", "state_dir: /var/lib/vm-executor   # on a disk of this host; base disks may stay on the network"),
        { IsLayer: true } => Checks.FileSystem.Warning(
            $"{path} is on {mounted.Type}, the layer of a container: published images are gone with it", $"docker run --volume /var/lib/vm-executor:{path} …   # or what mounts a directory of the host there"),
        _ when reflinks == true => Checks.FileSystem.Ok($"{path} is on {mounted?.Type}, which can share blocks (reflink): publishing copies nothing"),
        _ => Checks.FileSystem.Ok($"{path} is on {mounted?.Type ?? "an unknown file system"}, without reflinks: publishing copies what a disk holds (XFS and Btrfs need not)"),
    };

    /// <summary>A container's /dev is a tmpfs, too; a state directory there is a mistake and no choice.</summary>
    private static bool IsDeviceDirectory(MountedFileSystem mounted) => mounted.MountPoint.Value == "/dev";

    private static long Mebibytes(long bytes) => Math.Max(1, bytes >> 20);
}
