namespace VmExecutor.Core.Images.Registries;

/// <summary>
/// Decides which chunks of an earlier generation the next one names again. A chunk of which it has less than half is left out, and what it has of it is packed anew. So a host that has nothing yet
/// fetches twice the content at most, however many generations came one after the other.
/// </summary>
public static class ChunkReuse
{
    private const int LeastShare = 2;

    /// <param name="earlier">The earlier generation.</param>
    /// <param name="files">For each file of the next one: its counterpart in the earlier one, and what they share.</param>
    /// <returns>For each file: the ranges that need not be packed, in order.</returns>
    public static IReadOnlyList<IReadOnlyList<ReusedRange>> Choose(GenerationArtifact earlier, IReadOnlyList<(ArtifactFile Earlier, IReadOnlyList<SharedRange> Shared)> files)
    {
        var found = files.Select(file => file.Shared.SelectMany(range => Locate(file.Earlier.Pieces, range)).ToList()).ToList();
        var used = new long[earlier.Chunks.Count];
        foreach (var range in found.SelectMany(ranges => ranges))
        {
            if (range.Chunk is { } chunk)
            {
                used[chunk] += range.Length;
            }
        }

        return [.. found.Select(ranges => (IReadOnlyList<ReusedRange>)[.. ranges.Where(range => range.Chunk is not { } chunk || used[chunk] * LeastShare >= earlier.Chunks[chunk].Length)])];
    }

    /// <summary>The chunks in which a range of the earlier file lies, and the holes between them.</summary>
    private static IEnumerable<ReusedRange> Locate(IReadOnlyList<ArtifactPiece> pieces, SharedRange range)
    {
        var (position, end) = (range.From, range.From + range.Length);
        for (var index = FirstBehind(pieces, position); position < end; index++)
        {
            var piece = index < pieces.Count ? pieces[index] : null;
            var hole = Math.Min(piece?.Offset ?? end, end) - position;
            if (hole > 0)
            {
                yield return new ReusedRange(range.Offset + (position - range.From), hole, null, 0);
                position += hole;
            }

            if (piece is not null && position < end)
            {
                var skipped = (int)(position - piece.Offset);
                var length = Math.Min(piece.Length - skipped, end - position);
                yield return new ReusedRange(range.Offset + (position - range.From), length, piece.Chunk, piece.At + skipped);
                position += length;
            }
        }
    }

    /// <summary>The first piece that ends behind a position.</summary>
    private static int FirstBehind(IReadOnlyList<ArtifactPiece> pieces, long position)
    {
        var (low, high) = (0, pieces.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = pieces[middle].Offset + pieces[middle].Length <= position ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}

/// <summary>A part of a file that need not be packed.</summary>
/// <param name="Offset">Its place in the file.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Chunk">The earlier generation's chunk in which it lies; null: it is zeros.</param>
/// <param name="At">Its place in the chunk.</param>
public sealed record ReusedRange(long Offset, long Length, int? Chunk, int At);
