using VmExecutor.Core.Images.Registries;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Images.Sources;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Images.Registries;

/// <summary>Takes the disk out of a container image's layers. Nothing else of them comes onto the host, and no name of theirs becomes a path.</summary>
internal sealed class LayerReader(ToolEnvironment environment, TimeProvider clock)
{
    /// <summary>The disk of these layers.</summary>
    /// <param name="layers">The layers, verified, in their order.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InvalidDataException">There is no disk or more than one, or a layer is damaged; the message is the end of a sentence.</exception>
    public async Task<ContainerDisk> FindAsync(IReadOnlyList<AbsolutePath> layers, CancellationToken cancellationToken)
    {
        var disks = new ContainerDisks();
        for (var layer = 0; layer < layers.Count; layer++)
        {
            var place = layer;
            await ReadAsync(layers[layer], (archive, _) =>
            {
                var entries = new TarEntries(archive);
                for (var number = 0L; entries.Next() is { } entry; number++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    disks.Take(place, number, entry.Name, entry.Kind == TarEntryKind.File, entry.Kind == TarEntryKind.Other, entry.Length);
                }

                return Task.CompletedTask;
            }, cancellationToken).ConfigureAwait(false);
        }

        return disks.TheOne();
    }

    /// <summary>Writes a disk that was found, with holes.</summary>
    /// <param name="layer">Its layer.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="target">Replaced.</param>
    /// <param name="progress">Told the length so far.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task ExtractAsync(AbsolutePath layer, ContainerDisk disk, AbsolutePath target, Action<long> progress, CancellationToken cancellationToken) => ReadAsync(
        layer,
        async (archive, token) =>
        {
            var entries = new TarEntries(archive);
            for (var number = 0L; entries.Next() is { } entry; number++)
            {
                if (number == disk.Entry)
                {
                    await SparseFile.WriteAsync(new EntryContent(archive, entry.Length), target, progress, token).ConfigureAwait(false);
                }
            }
        },
        cancellationToken);

    private async Task ReadAsync(AbsolutePath layer, Func<Stream, CancellationToken, Task> read, CancellationToken cancellationToken)
    {
        var format = Look(layer);
        if (format == PackedFormat.None)
        {
            await using var file = HostFile.OpenRead(layer.Value);
            await read(new LayerArchive(file), cancellationToken).ConfigureAwait(false);
            return;
        }

        await using var tool = ToolStream.Start(new ToolCall(format.Tool(), ["-dc", "--", layer.Value]) { OwnSession = true }, environment, clock);
        tool.Input.Close();
        var said = BoundedText.ReadEndAsync(tool.Error, 1000, cancellationToken);
        var trouble = await TroubleAsync(() => read(new LayerArchive(tool.Output), cancellationToken)).ConfigureAwait(false);
        var rest = new byte[64 << 10];
        if (trouble is not null && await tool.Output.ReadAsync(rest, cancellationToken).ConfigureAwait(false) > 0)
        {
            throw trouble;
        }

        // Up to the end: the tool says only there that a layer was cut off, which is a better reason than that the archive ends.
        while (await tool.Output.ReadAsync(rest, cancellationToken).ConfigureAwait(false) > 0)
        {
            // Left out.
        }

        if (await tool.WaitForExitAsync(cancellationToken).ConfigureAwait(false) != 0)
        {
            throw new InvalidDataException($"a layer of it cannot be unpacked: {PlainText.OneLine((await said.ConfigureAwait(false)).Trim().ReplaceLineEndings(" "), 300)}", trouble);
        }

        if (trouble is not null)
        {
            throw trouble;
        }
    }

    private static async Task<InvalidDataException?> TroubleAsync(Func<Task> read)
    {
        try
        {
            await read().ConfigureAwait(false);
            return null;
        }
        catch (InvalidDataException e)
        {
            return e;
        }
    }

    private static PackedFormat Look(AbsolutePath layer)
    {
        using var file = HostFile.OpenRead(layer.Value);
        var head = new byte[PackedFormats.HeadLength];
        return PackedFormats.Of(head.AsSpan(0, file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)));
    }

    /// <summary>The content of an entry that was read last.</summary>
    private sealed class EntryContent(Stream archive, long length) : Stream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = archive.Read(buffer, offset, (int)Math.Min(count, _left));
            if (read == 0 && _left > 0 && count > 0)
            {
                throw new InvalidDataException("the archive ends in the middle of an entry");
            }

            _left -= read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
