using System.Globalization;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Instruments;

namespace VmExecutor.EndToEnd.Tests.Images;

/// <summary>
/// A file system whose power can be cut: ext4 on a loop device. The kernel stops it at once and throws away all that was not written to the disk yet, names included
/// (EXT4_IOC_SHUTDOWN without a flush of the journal, as xfstests do it). It is mounted so that a cut loses as much as it may: only fsync(2) and its like write the journal, and
/// a rename does not write the content of the file.
/// </summary>
internal sealed class CrashDisk : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _directory;
    private readonly string _files;
    private int _cuts;

    private CrashDisk(string files, string directory) => (_files, _directory) = (files, directory);

    private string Current => Path.Combine(_files, string.Create(CultureInfo.InvariantCulture, $"disk-{_cuts}.ext4"));

    /// <param name="files">A directory for the disk.</param>
    /// <param name="directory">Where it is mounted; empty.</param>
    public static async Task<CrashDisk> MountAsync(string files, string directory)
    {
        var disk = new CrashDisk(files, directory);
        await HostCommand.OutputAsync("truncate", "-s", "16G", disk.Current);
        await HostCommand.OutputAsync("mke2fs", "-q", "-t", "ext4", disk.Current);
        await disk.MountAsync();
        Directory.Delete(Path.Combine(directory, "lost+found"));
        return disk;
    }

    /// <summary>Cuts the power, and mounts what is on the disk.</summary>
    /// <param name="end">Ends what still works on it, as the cut would.</param>
    public async Task CutPowerAsync(Func<Task> end)
    {
        await HostCommand.OutputAsync("xfs_io", "-x", "-c", "shutdown", _directory);
        await end();
        await UnmountAsync();

        // A copy: a mount namespace of another process may keep the stopped file system, and a mount of the same file would be that one again.
        var stopped = Current;
        _cuts++;
        await HostCommand.OutputAsync("cp", "--sparse=always", stopped, Current);
        File.Delete(stopped);
        await MountAsync();
    }

    public async ValueTask DisposeAsync() => await UnmountAsync();

    private Task MountAsync() => HostCommand.OutputAsync("mount", "-o", "loop,commit=600,noauto_da_alloc", Current, _directory);

    private async Task UnmountAsync()
    {
        var (exitCode, _, error) = await Eventually.AskAsync(() => HostCommand.TryAsync("umount", _directory), answer => answer.ExitCode == 0, Patience);
        exitCode.Should().Be(0, error);
    }
}
