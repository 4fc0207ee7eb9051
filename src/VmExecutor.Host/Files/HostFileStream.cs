namespace VmExecutor.Host.Files;

/// <summary>A file's stream. A disk that gets full while it is written to is reported with its reason and the path.</summary>
/// <param name="path">How the file is called.</param>
/// <param name="place">The path by which it is opened.</param>
/// <param name="options">How.</param>
internal sealed class HostFileStream(string path, string place, FileStreamOptions options) : FileStream(place, options)
{
    public override string Name { get; } = path;

    public override int Read(byte[] buffer, int offset, int count) => HostFile.Do(Name, "read", () => base.Read(buffer, offset, count));

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return base.Read(buffer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HostFile.Failure(Name, "read", e);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HostFile.Failure(Name, "read", e);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => HostFile.Do(Name, "written", () => base.Write(buffer, offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            base.Write(buffer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HostFile.Failure(Name, "written", e);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await base.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw HostFile.Failure(Name, "written", e);
        }
    }

    public override void Flush(bool flushToDisk) => HostFile.Do(Name, "written", () => base.Flush(flushToDisk));

    public override void SetLength(long value) => HostFile.Do(Name, "written", () => base.SetLength(value));

    protected override void Dispose(bool disposing)
    {
        // What is still buffered is written here. A finalizer must not throw.
        if (disposing)
        {
            HostFile.Do(Name, "written", () => base.Dispose(disposing));
        }
        else
        {
            base.Dispose(disposing);
        }
    }
}
