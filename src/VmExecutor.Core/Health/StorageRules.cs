using System.Text.RegularExpressions;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Health;

/// <summary>The facts that were seen of <c>state_dir</c>.</summary>
/// <param name="Path">The path.</param>
/// <param name="Mode">Null: it is not there.</param>
/// <param name="IsDirectory">Whether it is one.</param>
/// <param name="IsWritable">Whether who looks may write there; of one that is not there, whether it could be made.</param>
/// <param name="Obstacle">What keeps QEMU's user from passing through, and the command that helps; null: nothing is known.</param>
public sealed record StateDirState(AbsolutePath Path, UnixFileMode? Mode, bool IsDirectory, bool IsWritable, (string What, string Command)? Obstacle);

/// <summary>The facts that were seen of a file that clones stand on.</summary>
/// <param name="Path">The path.</param>
/// <param name="Images">The images of the clones.</param>
/// <param name="Obstacle">What keeps QEMU's user from reading it, and the command that helps; null: nothing is known.</param>
/// <param name="IsReadable">Whether who looks may read it.</param>
public sealed record BaseFileState(AbsolutePath Path, IReadOnlyList<string> Images, (string What, string Command)? Obstacle, bool IsReadable)
{
    internal string Who => Quantity.Named("image", Images);
}

/// <summary>Decides whether there is a good place for overlays with room in it, and whether QEMU gets at the images' files.</summary>
public static partial class StorageRules
{
    /// <summary>Decides whether jobs can live in <c>state_dir</c> and QEMU can pass through it.</summary>
    /// <param name="found">What was seen.</param>
    /// <param name="user">Who looks.</param>
    public static IReadOnlyList<Finding> DecideStateDir(StateDirState found, string user)
    {
        var path = ShellText.Quote(found.Path.Value);
        if (found.Mode is not { } mode)
        {
            return
            [
                found.IsWritable
                    ? Checks.StateDir.Ok($"{found.Path} is not there yet; the first job makes it")
                    : Checks.StateDir.Problem($"{found.Path} is not there, and {user} may not make it", $"install -d -m 0711 -o {user} {path}"),
            ];
        }

        if (!found.IsDirectory)
        {
            return [Checks.StateDir.Problem($"{found.Path} is not a directory", $"mv {path} {path}.old && install -d -m 0711 -o {user} {path}")];
        }

        List<Finding> findings = [];
        if (!found.IsWritable)
        {
            findings.Add(Checks.StateDir.Problem($"{user} may not write into {found.Path} (mode {Octal(mode)}), or its file system is read-only", $"findmnt -T {path}; chown -R {user}: {path}"));
        }

        if (found.Obstacle is var (what, command))
        {
            findings.Add(Checks.StateDir.Problem($"{what}: VMs do not start", command));
        }

        if (mode.HasFlag(UnixFileMode.OtherWrite))
        {
            findings.Add(Checks.StateDir.Problem($"every user may write into {found.Path} (mode {Octal(mode)}): any user could exchange images and scripts", $"chmod o-w {path}"));
        }

        return findings.Count > 0 ? findings : [Checks.StateDir.Ok($"{found.Path} (mode {Octal(mode)}) can be written by {user} and passed by QEMU")];
    }

    /// <summary>Decides whether QEMU can read what clones stand on.</summary>
    /// <param name="files">All that could be found.</param>
    /// <param name="unusable">Images whose disks cannot be looked into, each with the reason.</param>
    /// <param name="qemuUser">The user QEMU runs as; null: as who looks.</param>
    public static IReadOnlyList<Finding> DecideBaseFiles(IReadOnlyList<BaseFileState> files, IReadOnlyList<(ImageName Image, DriverException Failure)> unusable, uint? qemuUser)
    {
        List<Finding> findings =
        [
            .. unusable.Select(one => Checks.BaseFiles.Problem($"image {one.Image}: {one.Failure.Message} ({one.Failure.Code})", one.Failure.Hint)),
            .. files.Select(file => file switch
            {
                { Obstacle: var (what, command) } => Checks.BaseFiles.Problem($"{file.Who}: {what}; VMs do not start", command),
                { IsReadable: false } => Checks.BaseFiles.Problem($"{file.Who}: you may not read {file.Path}", $"namei -l {ShellText.Quote(file.Path.Value)}"),
                _ => null,
            }).OfType<Finding>(),
        ];
        var who = qemuUser is { } user ? $"the user QEMU runs as ({user})" : "QEMU, which runs as you do,";
        return findings.Count > 0 ? findings
            : files.Count == 0 ? [Checks.BaseFiles.Skipped("there are no images with files to look at: see 'images'")]
            : [Checks.BaseFiles.Ok($"{who} can read what clones stand on ({string.Join(", ", files.Take(3).Select(file => file.Path))}{(files.Count > 3 ? ", …" : "")})")];
    }

    /// <param name="path">What was looked at: <c>state_dir</c>, or what will hold it.</param>
    /// <param name="total">Bytes; null: the file system does not say.</param>
    /// <param name="free">Bytes.</param>
    /// <param name="limits">In force.</param>
    /// <param name="settingsFile">Where they are said.</param>
    public static Finding DecideSpace(AbsolutePath path, long? total, long? free, LimitSettings limits, AbsolutePath settingsFile)
    {
        if (total is not { } all || free is not { } left)
        {
            return Checks.DiskSpace.Warning($"the file system of {path} does not say how much is free: jobs are not stopped before it is full", $"df -h {ShellText.Quote(path.Value)}");
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

    /// <param name="path">The path that was looked at.</param>
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

    /// <param name="words">What <c>qemu-img --version</c> says.</param>
    /// <param name="oldest">The oldest QEMU that the driver was tried with.</param>
    public static Finding DecideQemuImg(string words, Version oldest) => QemuImg().Match(words) is { Success: true } match
        ? ToolVersions.Decide(Checks.QemuImg, $"qemu-img {match.Groups["version"].Value}", match.Groups["version"].Value, new KnownVersions(oldest, []))
        : Checks.QemuImg.Warning($"qemu-img does not tell its version: '{words.Split('\n')[0].Trim()}'", "apt-get install --reinstall qemu-utils");

    /// <summary>A container's /dev is a tmpfs, too; a state directory there is a mistake and no choice.</summary>
    private static bool IsDeviceDirectory(MountedFileSystem mounted) => mounted.MountPoint.Value == "/dev";

    private static long Mebibytes(long bytes) => Math.Max(1, bytes >> 20);

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8);

    [GeneratedRegex(@"version (?<version>[0-9]+\.[0-9]+(?:\.[0-9]+)?)")]
    private static partial Regex QemuImg();
}
