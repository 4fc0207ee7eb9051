using System.IO.Hashing;

namespace VmExecutor.Core.Images.Registries;

/// <summary>
/// Finds what a file has in common with an earlier one: whole blocks wherever they lie, since qemu-img moves clusters, and of a block that was changed in its place the parts that were not.
/// Each finding was compared byte by byte.
/// </summary>
/// <param name="read">Reads the earlier file.</param>
public sealed class SharedRanges(SharedRanges.ReadAt read)
{
    private const int Grain = 4 << 10; // a block of ext4
    private readonly Dictionary<ulong, long> _blocks = [];
    private readonly List<SharedRange> _found = [];
    private readonly byte[] _earlier = new byte[ChunkCutter.Block];
    private long _position;
    private long _next; // where the earlier file goes on like this one, as far as it was seen

    /// <summary>Fills the span with what lies at an offset; less than its length: the file ends there.</summary>
    public delegate int ReadAt(long offset, Span<byte> target);

    /// <summary>The ranges that were found, in the order of the file.</summary>
    public IReadOnlyList<SharedRange> Found => _found;

    /// <summary>Takes a block of the earlier file.</summary>
    /// <param name="offset">Its place.</param>
    /// <param name="block">Of <see cref="ChunkCutter.Block"/> bytes; the last one may be shorter.</param>
    public void Know(long offset, ReadOnlySpan<byte> block)
    {
        if (block.IndexOfAnyExcept((byte)0) >= 0)
        {
            _blocks.TryAdd(XxHash3.HashToUInt64(block), offset);
        }
    }

    /// <summary>Takes the next block of the file, when the whole earlier one is known.</summary>
    /// <param name="block">Of <see cref="ChunkCutter.Block"/> bytes; the last one may be shorter.</param>
    public void Add(ReadOnlySpan<byte> block)
    {
        if (block.IndexOfAnyExcept((byte)0) < 0)
        {
            _next += block.Length;
        }
        else if (IsAt(_next, block) || (_blocks.TryGetValue(XxHash3.HashToUInt64(block), out var offset) && IsAt(offset, block) && Jump(offset)))
        {
            Find(0, block.Length);
            _next += block.Length;
        }
        else if (FindGrains(block))
        {
            _next += block.Length;
        }

        _position += block.Length;
    }

    private bool Jump(long offset)
    {
        _next = offset;
        return true;
    }

    private bool IsAt(long offset, ReadOnlySpan<byte> block)
    {
        var earlier = _earlier.AsSpan(0, block.Length);
        return read(offset, earlier) == block.Length && block.SequenceEqual(earlier);
    }

    private bool FindGrains(ReadOnlySpan<byte> block)
    {
        var count = read(_next, _earlier.AsSpan(0, block.Length));
        var found = false;
        for (var at = 0; at < count; at += Grain)
        {
            var grain = block.Slice(at, Math.Min(Grain, count - at));
            if (grain.SequenceEqual(_earlier.AsSpan(at, grain.Length)) && grain.IndexOfAnyExcept((byte)0) >= 0)
            {
                Find(at, grain.Length);
                found = true;
            }
        }

        return found;
    }

    private void Find(int at, int length)
    {
        if (_found is [.., var last] && last.Offset + last.Length == _position + at && last.From + last.Length == _next + at)
        {
            _found[^1] = last with { Length = last.Length + length };
        }
        else
        {
            _found.Add(new SharedRange(_position + at, _next + at, length));
        }
    }
}

/// <summary>A part of a file that lies in an earlier one, too.</summary>
/// <param name="Offset">Its place in the file.</param>
/// <param name="From">Its place in the earlier one.</param>
/// <param name="Length">In bytes.</param>
public readonly record struct SharedRange(long Offset, long From, long Length);
