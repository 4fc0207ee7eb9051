using System.IO.Hashing;

namespace VmExecutor.Core.Images.Registries;

/// <summary>
/// Cuts what is new of a file into chunks where its content says so, at whole blocks: a disk in which clusters were inserted has the same chunks behind them, so that a registry has most of its blobs
/// already. A block is a cluster of qcow2 as qemu-img makes them. Longer runs of zeros are in no chunk.
/// </summary>
/// <param name="length">Of the file: chunks of larger files are larger, so that a manifest can name them all.</param>
/// <param name="take">Gets each chunk: its content, which is valid until it returns, and the parts of the file that lie in it, in order.</param>
public sealed class ChunkCutter(long length, Action<ReadOnlyMemory<byte>, IReadOnlyList<CutPiece>> take)
{
    public const int Block = 64 << 10;

    /// <summary>The longest chunk, in bytes.</summary>
    public const int Longest = 16 << 20;

    private const int LongestZeros = 1 << 20;

    // Up to 8 GiB a chunk has 1.25 MiB on average: at least 256 KiB, and from there on one block of 16 ends it. Each is a blob, and skopeo's work
    // grows with the square of the blobs: pushing 400 took it 11 s of processor time, and 1,200 took 120 s.
    private readonly int _shortest = (256 << 10) << Doublings(length);
    private readonly int _longest = Math.Min((4 << 20) << Doublings(length), Longest);
    private readonly ulong _endMask = (16UL << Doublings(length)) - 1;
    private readonly byte[] _chunk = new byte[Longest];
    private readonly List<CutPiece> _pieces = [];
    private (long Offset, int At)? _open; // the piece that may grow
    private long _position;
    private long _zeros;
    private int _length;

    /// <summary>Takes what follows in the file.</summary>
    /// <param name="block">Of <see cref="Block"/> bytes at most.</param>
    public void Add(ReadOnlySpan<byte> block)
    {
        if (block.IndexOfAnyExcept((byte)0) < 0)
        {
            _zeros += block.Length;
            _position += block.Length;
            return;
        }

        if (_open is not null && _zeros is > 0 and < LongestZeros && _length + _zeros + block.Length <= _longest)
        {
            _chunk.AsSpan(_length, (int)_zeros).Clear();
            _length += (int)_zeros;
        }
        else if (_open is null || _zeros > 0)
        {
            EndPiece();
            _open = (_position, _length);
        }

        _zeros = 0;
        block.TryCopyTo(_chunk.AsSpan(_length)); // there is room
        _length += block.Length;
        _position += block.Length;
        if (_length > _longest - Block || (_length >= _shortest && (XxHash3.HashToUInt64(block) & _endMask) == 0))
        {
            EndChunk();
        }
    }

    /// <summary>Leaves out what lies in a chunk already. The chunk goes on behind it, so that scattered changes share one.</summary>
    public void Skip(long bytes)
    {
        EndPiece();
        _zeros = 0;
        _position += bytes;
    }

    /// <summary>Ends the last chunk.</summary>
    public void Complete() => EndChunk();

    private static int Doublings(long length)
    {
        var doublings = 0;
        while (doublings < 5 && length > (8L << 30) << doublings)
        {
            doublings++;
        }

        return doublings;
    }

    private void EndPiece()
    {
        if (_open is var (offset, at))
        {
            _pieces.Add(new CutPiece(offset, _length - at, at));
            _open = null;
        }
    }

    private void EndChunk()
    {
        EndPiece();
        if (_length > 0)
        {
            take(_chunk.AsMemory(0, _length), [.. _pieces]);
            _pieces.Clear();
            _length = 0;
        }
    }
}

/// <summary>A part of a file in a chunk.</summary>
/// <param name="Offset">Its place in the file.</param>
/// <param name="Length">In bytes.</param>
/// <param name="At">Its place in the chunk.</param>
public readonly record struct CutPiece(long Offset, int Length, int At);
