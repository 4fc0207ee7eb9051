namespace VmExecutor.Host.Files;

/// <summary>Passes on the bytes that are written to it, up to a limit. The first byte beyond fails, so that the writer stops.</summary>
/// <param name="kept">Takes what is written; it is not closed.</param>
/// <param name="longest">How many bytes are kept.</param>
public sealed class BoundedStream(Stream kept, long longest) : Stream
{
    private long _length;

    /// <summary>Keeps it in memory.</summary>
    /// <param name="longest">How many bytes are kept.</param>
    public BoundedStream(int longest)
        : this(new MemoryStream(), longest)
    {
    }

    /// <summary>True: bytes beyond the limit are dropped, and the writer goes on.</summary>
    public bool DropsRest { get; init; }

    /// <summary>True: there was more than is kept.</summary>
    public bool WasCut { get; private set; }

    /// <summary>The kept part, of what is kept in memory.</summary>
    public string Text => kept is MemoryStream memory ? BoundedText.Decode(memory.GetBuffer().AsSpan(0, (int)memory.Length)) : throw new NotSupportedException();

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException();
    }

    /// <exception cref="IOException">It is more than is kept.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        var room = (int)Math.Min(buffer.Length, longest - _length);
        WasCut |= buffer.Length > room;
        kept.Write(buffer[..room]);
        _length += room;
        if (WasCut && !DropsRest)
        {
            throw new FileTooLargeException(null, longest);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            Write(buffer.Span);
            return ValueTask.CompletedTask;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return ValueTask.FromException(e);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => kept.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
