using System.Globalization;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.ProjectDisks;

/// <summary>Makes and changes the qcow2 files of projects' disks, without root and without mounting anything on the host: what guests have written is never trusted with the host's kernel.</summary>
public sealed class DiskImages(IToolRunner tools)
{
    /// <summary>Merging writes what jobs have written, at most the whole disk.</summary>
    private static readonly TimeSpan MergeTakes = TimeSpan.FromMinutes(30);

    /// <summary>Makes an empty file system.</summary>
    /// <param name="path">The new file; a raw one beside it is removed again.</param>
    /// <param name="size">As guests see it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task MakeEmptyAsync(AbsolutePath path, ByteSize size, CancellationToken cancellationToken)
    {
        var raw = new AbsolutePath($"{path}.raw");
        await using (var file = HostFile.Open(raw.Value, FileMode.CreateNew, FileAccess.Write))
        {
            file.SetLength(size.Bytes);
        }

        // A block that was never written reads as zeros, in the file as on the guest's disk. So mke2fs clears neither the tables of inodes nor the journal.
        await RunAsync("mke2fs", ["-q", "-F", "-t", "ext4", "-m", "0", "-L", DiskPlug.Serial, "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard", raw.Value], null, cancellationToken).ConfigureAwait(false);
        await RunAsync("qemu-img", ["convert", "-q", "-t", "writeback", "-f", "raw", "-O", "qcow2", "--", raw.Value, path.Value], null, cancellationToken).ConfigureAwait(false);
        HostFile.Delete(raw.Value);
        HostFile.SetUnixFileMode(path.Value, DiskFolder.ReadOnly);
    }

    /// <summary>Makes a job's overlay.</summary>
    /// <param name="overlay">The new file.</param>
    /// <param name="below">The name of the file below it, as its head is to have it.</param>
    /// <param name="size">As guests see it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task MakeOverlayAsync(AbsolutePath overlay, string below, long size, CancellationToken cancellationToken)
    {
        await RunAsync("qemu-img", ["create", "-q", "-u", "-f", "qcow2", "-F", "qcow2", "-b", below, "--", overlay.Value, size.ToString(CultureInfo.InvariantCulture)], null, cancellationToken).ConfigureAwait(false);
        HostFile.SetUnixFileMode(overlay.Value, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>Puts an overlay onto a file further below. It takes what the files between hold.</summary>
    public Task PutOntoAsync(AbsolutePath overlay, string below, CancellationToken cancellationToken) =>
        RunAsync("qemu-img", ["rebase", "-q", "-t", "writeback", "-f", "qcow2", "-F", "qcow2", "-b", below, "--", overlay.Value], MergeTakes, cancellationToken);

    /// <summary>Writes an overlay and all below it into one new file.</summary>
    public Task FlattenAsync(AbsolutePath overlay, AbsolutePath path, CancellationToken cancellationToken) =>
        RunAsync("qemu-img", ["convert", "-q", "-t", "writeback", "-f", "qcow2", "-O", "qcow2", "--", overlay.Value, path.Value], MergeTakes, cancellationToken);

    /// <summary>The word of <see cref="ProjectDiskRefusals"/> why what a job has left is not fit for the next one; null: it is.</summary>
    /// <param name="overlay">The job's overlay, which no VM has open any more.</param>
    /// <param name="below">The name of the file below it, as it was made.</param>
    /// <param name="size">As guests see it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<string?> FindRefusalAsync(AbsolutePath overlay, string below, long size, CancellationToken cancellationToken)
    {
        // Before any tool opens it.
        if (OverlayHead.WhyNotAsMade(Head(overlay), below, size) is not null)
        {
            return ProjectDiskRefusals.Damaged;
        }

        var superblock = new AbsolutePath($"{overlay}.{Guid.NewGuid():N}.tmp");
        try
        {
            await RunAsync(
                "qemu-img",
                ["dd", "-f", "qcow2", "-O", "raw", $"bs={FileSystemState.Length}", $"skip={FileSystemState.Offset / FileSystemState.Length}", "count=2", $"if={overlay}", $"of={superblock}"],
                null,
                cancellationToken).ConfigureAwait(false);
            return FileSystemState.FindRefusal(HostFile.ReadAllBytes(superblock.Value), size);
        }
        finally
        {
            HostFile.TryDelete(superblock.Value);
        }
    }

    private static byte[] Head(AbsolutePath file)
    {
        using var stream = HostFile.OpenRegular(file.Value);
        var head = new byte[OverlayHead.Length];
        return head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
    }

    private async Task RunAsync(string program, IReadOnlyList<string> arguments, TimeSpan? limit, CancellationToken cancellationToken)
    {
        var call = new ToolCall(program, arguments);
        (await tools.RunAsync(limit is { } takes ? call with { Timeout = takes } : call, cancellationToken).ConfigureAwait(false)).EnsureSuccess();
    }
}
