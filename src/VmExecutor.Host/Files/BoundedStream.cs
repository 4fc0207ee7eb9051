using System.Buffers;

namespace VmExecutor.Host.Files;

/// <summary>Keeps the bytes that are written to it, up to a limit. The first byte beyond fails, so that the writer stops.</summary>
/// <param name="longest">How many bytes are kept.</param>
public sealed class BoundedStream(int longest) : Stream
{
    private readonly ArrayBufferWriter<byte> _kept = new();

    /// <summary>True: there was more than is kept.</summary>
    public bool WasCut { get; private set; }

    /// <summary>The kept part.</summary>
    public string Text => BoundedText.Decode(_kept.WrittenSpan);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _kept.WrittenCount;

    public override long Position
    {
        get => _kept.WrittenCount;
        set => throw new NotSupportedException();
    }

    /// <exception cref="IOException">It is more than is kept.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        var room = longest - _kept.WrittenCount;
        WasCut |= buffer.Length > room;
        _kept.Write(buffer[..Math.Min(buffer.Length, room)]);
        if (WasCut)
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
        catch (IOException e)
        {
            return ValueTask.FromException(e);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
