using System.IO.Hashing;

namespace VmExecutor.Core.Images.Registries;

/// <summary>
/// Cuts a file into chunks where its content says so, at whole blocks: a disk in which clusters were inserted has the same chunks behind them, so that a registry has most of its blobs already. A block
/// is a cluster of qcow2 as qemu-img makes them. Longer runs of zeros are in no chunk.
/// </summary>
/// <param name="length">Of the file: chunks of larger files are larger, so that a manifest can name them all.</param>
/// <param name="take">Gets each chunk: its offset and content, which is valid until it returns.</param>
public sealed class ChunkCutter(long length, Action<long, ReadOnlyMemory<byte>> take)
{
    public const int Block = 64 << 10;

    /// <summary>The longest chunk, in bytes.</summary>
    public const int Longest = 16 << 20;

    private const int LongestZeros = 1 << 20;

    // Up to 8 GiB a chunk has 1.25 MiB on average: at least 256 KiB, and from there on one block of 16 ends it. Chunks of a tenth of that would move
    // a quarter of what a scattered change moves now. But each is a blob, and skopeo's work grows with the square of the blobs:
    // pushing 400 took it 11 s of processor time, and 1,200 took 120 s.
    private readonly int _shortest = (256 << 10) << Doublings(length);
    private readonly int _longest = Math.Min((4 << 20) << Doublings(length), Longest);
    private readonly ulong _endMask = (16UL << Doublings(length)) - 1;
    private readonly byte[] _chunk = new byte[Longest];
    private long _position;
    private long _zeros;
    private int _length;

    /// <summary>Takes the next block.</summary>
    /// <param name="block">Of <see cref="Block"/> bytes; the file's last one may be shorter.</param>
    public void Add(ReadOnlySpan<byte> block)
    {
        if (block.IndexOfAnyExcept((byte)0) < 0)
        {
            _zeros += block.Length;
            _position += block.Length;
            return;
        }

        if (_zeros > 0)
        {
            if (_zeros >= LongestZeros || _length == 0 || _length + _zeros + block.Length > _longest)
            {
                End(_position - _zeros);
            }
            else
            {
                _chunk.AsSpan(_length, (int)_zeros).Clear();
                _length += (int)_zeros;
            }

            _zeros = 0;
        }

        block.TryCopyTo(_chunk.AsSpan(_length)); // there is room
        _length += block.Length;
        _position += block.Length;
        if (_length > _longest - Block || (_length >= _shortest && (XxHash3.HashToUInt64(block) & _endMask) == 0))
        {
            End(_position);
        }
    }

    /// <summary>Ends the last chunk.</summary>
    public void Complete() => End(_position - _zeros);

    private static int Doublings(long length)
    {
        var doublings = 0;
        while (doublings < 5 && length > (8L << 30) << doublings)
        {
            doublings++;
        }

        return doublings;
    }

    private void End(long position)
    {
        if (_length > 0)
        {
            take(position - _length, _chunk.AsMemory(0, _length));
            _length = 0;
        }
    }
}
