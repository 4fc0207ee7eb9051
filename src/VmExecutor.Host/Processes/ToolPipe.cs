namespace VmExecutor.Host.Processes;

/// <summary>
/// One of a running tool's streams. CliWrap closes a tool's stdin as soon as the tool has ended, and all three when it is given up, which may be in the midst of a write. To .NET
/// that is a use of what was disposed of, which no caller expects, and to the kernel a broken pipe. Here it is the latter, as an <see cref="IOException"/>.
/// </summary>
/// <param name="pipe">The stream.</param>
internal sealed class ToolPipe(Stream pipe) : Stream
{
    private const int BrokenPipe = 32; // EPIPE

    public override bool CanRead => pipe.CanRead;

    public override bool CanSeek => false;

    public override bool CanWrite => pipe.CanWrite;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return pipe.Read(buffer);
        }
        catch (ObjectDisposedException e)
        {
            throw Broken(e);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await pipe.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectDisposedException e)
        {
            throw Broken(e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            pipe.Write(buffer);
        }
        catch (ObjectDisposedException e)
        {
            throw Broken(e);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await pipe.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectDisposedException e)
        {
            throw Broken(e);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>A pipe keeps nothing back: what was written is with the tool, or failed then.</summary>
    public override void Flush()
    {
    }

    /// <inheritdoc cref="Flush"/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            pipe.Dispose();
        }

        base.Dispose(disposing);
    }

    private static IOException Broken(ObjectDisposedException closed) =>
        new(System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(BrokenPipe), closed) { HResult = BrokenPipe };
}
