using System.Formats.Tar;
using System.IO.Pipelines;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Guests.Preparation;

/// <summary>A directory's content as a tar archive that is made while it is read; everything in it belongs to root.</summary>
internal static class TarStream
{
    /// <param name="directory">What is in it is written, links as links.</param>
    /// <param name="read">Reads the archive to its end.</param>
    /// <param name="cancellationToken">Ends both.</param>
    /// <exception cref="IOException">The archive is not whole, whatever the reader made of it.</exception>
    public static async Task<T> ReadAsync<T>(AbsolutePath directory, Func<Stream, Task<T>> read, CancellationToken cancellationToken)
    {
        var pipe = new Pipe();
        var writing = WriteAsync(directory, pipe.Writer, cancellationToken);
        T result;
        try
        {
            var archive = pipe.Reader.AsStream();
            await using (archive.ConfigureAwait(false))
            {
                result = await read(archive).ConfigureAwait(false);
            }
        }
        finally
        {
            // A reader that ended early lets the writer go on into nothing, and it ends at its next step.
            await ((Task)writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await writing.ConfigureAwait(false);
        return result;
    }

    private static async Task WriteAsync(AbsolutePath directory, PipeWriter pipe, CancellationToken cancellationToken)
    {
        try
        {
            var writer = new TarWriter(pipe.AsStream(leaveOpen: true), TarEntryFormat.Gnu, leaveOpen: false);
            await using (writer.ConfigureAwait(false))
            {
                foreach (var (path, name) in HostTool.EntriesOf(directory))
                {
                    await WriteAsync(writer, path, name, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            // The reader sees an end in any case, and no failure of ours, after which the guest would wait for an end.
            await pipe.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <summary>busybox reads long names of the GNU format, and none of the newer one (pax).</summary>
    private static async Task WriteAsync(TarWriter writer, AbsolutePath path, string name, CancellationToken cancellationToken)
    {
        var stat = FileStat.TryRead(path, followLinks: false) ?? throw new FileNotFoundException($"{path} has vanished");
        var link = HostFile.LinkTarget(path.Value);
        var type = link is not null ? TarEntryType.SymbolicLink
            : stat.IsDirectory ? TarEntryType.Directory
            : stat.IsRegular ? TarEntryType.RegularFile
            : throw new IOException($"{path} is no file, directory or symbolic link");
        var entry = new GnuTarEntry(type, name)
        {
            Mode = stat.Mode,
            // The format has no time before 1970.
            ModificationTime = DateTimeOffset.UnixEpoch + TimeSpan.FromMicroseconds(Math.Max(0, stat.ModifiedNanoseconds) / 1000),
        };
        if (link is not null)
        {
            entry.LinkName = link;
        }

        if (type != TarEntryType.RegularFile)
        {
            await writer.WriteEntryAsync(entry, cancellationToken).ConfigureAwait(false);
            return;
        }

        var content = HostFile.OpenRead(path.Value);
        await using (content.ConfigureAwait(false))
        {
            entry.DataStream = content;
            await writer.WriteEntryAsync(entry, cancellationToken).ConfigureAwait(false);
        }
    }
}
