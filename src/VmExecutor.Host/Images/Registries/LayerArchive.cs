using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images.Registries;

/// <summary>An archive that comes out of a tool, for <see cref="TarEntries"/>: it can be sought forward only, which reads what lies between.</summary>
internal sealed class LayerArchive(Stream unpacked) : Stream
{
    private readonly byte[] _skipped = new byte[64 << 10];
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    /// <summary>Not known before its end.</summary>
    public override long Length => long.MaxValue;

    public override long Position
    {
        get => _position;
        set
        {
            if (value < _position)
            {
                throw new NotSupportedException("it cannot be read again");
            }

            while (_position < value && Read(_skipped, 0, (int)Math.Min(_skipped.Length, value - _position)) > 0)
            {
                // Left out.
            }

            if (_position < value)
            {
                throw new InvalidDataException("the archive ends in the middle of an entry");
            }
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var count = unpacked.Read(buffer);
        _position += count;
        return count;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
