using FluentAssertions;
using VmExecutor.Core.Images.Registries;
using Xunit;

namespace VmExecutor.Core.Tests.Images;

public sealed class ChunkCutterTests
{
    [Fact]
    public void Chunks_have_all_that_is_not_zero_and_leave_out_long_runs_of_zeros()
    {
        var content = new byte[40 << 20];
        var random = new Random(7);
        random.NextBytes(content.AsSpan(100_000, 12 << 20));
        random.NextBytes(content.AsSpan(30 << 20, 1000));
        random.NextBytes(content.AsSpan((39 << 20) + 17, 5));

        var chunks = Cut(content[..^7]);

        var again = new byte[content.Length - 7];
        chunks.ForEach(chunk => chunk.Content.CopyTo(again, chunk.Offset));
        again.AsSpan().SequenceEqual(content.AsSpan()[..^7]).Should().BeTrue();
        chunks.Sum(chunk => chunk.Content.Length).Should().BeLessThan(15 << 20);
        chunks.Should().OnlyContain(chunk => chunk.Content.Length <= ChunkCutter.Longest && chunk.Content.Length > 0);
    }

    [Fact]
    public void An_inserted_cluster_changes_the_chunks_beside_it_alone()
    {
        var content = new byte[64 << 20];
        new Random(8).NextBytes(content);
        var before = Cut(content).Select(chunk => Convert.ToHexString(chunk.Content)).ToHashSet();

        var after = Cut([.. content[..(20 * ChunkCutter.Block)], .. new byte[] { 1 }, .. new byte[ChunkCutter.Block - 1], .. content[(20 * ChunkCutter.Block)..]]);

        after.Count(chunk => !before.Contains(Convert.ToHexString(chunk.Content))).Should().BeInRange(1, 2);
    }

    [Fact]
    public void Parts_between_what_lies_in_a_chunk_already_share_one()
    {
        var content = new byte[8 * ChunkCutter.Block];
        new Random(9).NextBytes(content);
        var chunks = new List<(byte[] Content, IReadOnlyList<CutPiece> Pieces)>();
        var cutter = new ChunkCutter(content.Length, (chunk, pieces) => chunks.Add((chunk.ToArray(), pieces)));

        cutter.Add(content.AsSpan(0, 100));
        cutter.Skip(ChunkCutter.Block - 100);
        cutter.Add(content.AsSpan(ChunkCutter.Block, ChunkCutter.Block));
        cutter.Skip(ChunkCutter.Block);
        cutter.Add(new byte[ChunkCutter.Block]);
        cutter.Add(content.AsSpan(4 * ChunkCutter.Block, 7));
        cutter.Complete();

        chunks.Should().ContainSingle().Which.Pieces.Should().Equal(
            new CutPiece(0, 100, 0), new CutPiece(ChunkCutter.Block, ChunkCutter.Block, 100), new CutPiece(4 * ChunkCutter.Block, 7, ChunkCutter.Block + 100));
        chunks[0].Content.Should().Equal([.. content[..100], .. content[ChunkCutter.Block..(2 * ChunkCutter.Block)], .. content[(4 * ChunkCutter.Block)..((4 * ChunkCutter.Block) + 7)]]);
    }

    private static List<(long Offset, byte[] Content)> Cut(byte[] content)
    {
        var chunks = new List<(long, byte[])>();
        var cutter = new ChunkCutter(content.Length, (chunk, pieces) => chunks.AddRange(pieces.Select(piece => (piece.Offset, chunk.Span.Slice(piece.At, piece.Length).ToArray()))));
        for (var at = 0; at < content.Length; at += ChunkCutter.Block)
        {
            cutter.Add(content.AsSpan(at, Math.Min(ChunkCutter.Block, content.Length - at)));
        }

        cutter.Complete();
        return chunks;
    }
}
