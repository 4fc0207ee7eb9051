using FluentAssertions;
using VmExecutor.Core.Images.Registries;
using Xunit;

namespace VmExecutor.Core.Tests.Images;

public sealed class ChunkReuseTests
{
    private const int Block = ChunkCutter.Block;

    [Fact]
    public void Moved_blocks_and_the_parts_of_a_changed_one_are_found()
    {
        var earlier = Noise(1, 8 * Block);
        byte[] later = [.. earlier[..(2 * Block)], .. Noise(2, Block), .. earlier[(2 * Block)..]];
        later[(6 * Block) + 5000] ^= 1;

        var found = Compare(earlier, later);

        found.Should().Equal(
            new SharedRange(0, 0, 2 * Block),
            new SharedRange(3 * Block, 2 * Block, (3 * Block) + 4096),
            new SharedRange((6 * Block) + 8192, (5 * Block) + 8192, (3 * Block) - 8192));
    }

    [Fact]
    public void Zeros_are_shared_with_nothing()
    {
        var content = new byte[4 * Block];
        content[Block] = 1;

        Compare(content, content).Should().Equal(new SharedRange(Block, Block, Block));
    }

    [Fact]
    public void Files_of_unequal_lengths_are_compared_to_their_ends()
    {
        var earlier = Noise(3, (2 * Block) + 100);

        Compare(earlier, earlier[..(Block + 50)]).Sum(range => range.Length).Should().Be(Block + 50);
        Compare(earlier[..50], earlier).Should().Equal(new SharedRange(0, 0, 50));
        Compare([], earlier).Should().BeEmpty();
        Compare(earlier, []).Should().BeEmpty();
    }

    [Fact]
    public void Range_lies_in_the_chunks_of_its_pieces_and_holes_need_none()
    {
        var file = File(new ArtifactPiece(0, 100, 0, 0), new ArtifactPiece(100, 50, 1, 7), new ArtifactPiece(300, 100, 0, 100));

        var ranges = ChunkReuse.Choose(Artifact(file, 200, 57), [(file, [new SharedRange(1000, 50, 300)])])[0];

        ranges.Should().Equal(
            new ReusedRange(1000, 50, 0, 50), new ReusedRange(1050, 50, 1, 7), new ReusedRange(1100, 150, null, 0), new ReusedRange(1250, 50, 0, 100));
    }

    [Fact]
    public void Chunk_of_which_less_than_half_is_left_is_packed_anew()
    {
        var file = File(new ArtifactPiece(0, 100, 0, 0), new ArtifactPiece(100, 100, 1, 0));

        var ranges = ChunkReuse.Choose(Artifact(file, 100, 100), [(file, [new SharedRange(0, 0, 50), new SharedRange(100, 100, 49)])])[0];

        ranges.Should().Equal(new ReusedRange(0, 50, 0, 0));
    }

    private static byte[] Noise(int seed, int length)
    {
        var content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }

    private static IReadOnlyList<SharedRange> Compare(byte[] earlier, byte[] later)
    {
        var shared = new SharedRanges((offset, target) =>
        {
            var count = (int)Math.Clamp(earlier.Length - offset, 0, target.Length);
            earlier.AsSpan((int)Math.Min(offset, earlier.Length), count).CopyTo(target);
            return count;
        });
        for (var at = 0; at < earlier.Length; at += Block)
        {
            shared.Know(at, earlier.AsSpan(at, Math.Min(Block, earlier.Length - at)));
        }

        for (var at = 0; at < later.Length; at += Block)
        {
            shared.Add(later.AsSpan(at, Math.Min(Block, later.Length - at)));
        }

        return shared.Found;
    }

    private static ArtifactFile File(params IReadOnlyList<ArtifactPiece> pieces) => new("vda", "vda.disk", "raw", 1 << 20, new string('a', 64), pieces);

    private static GenerationArtifact Artifact(ArtifactFile file, params IReadOnlyList<int> chunks) => new()
    {
        Image = "base",
        Number = 1,
        Published = DateTimeOffset.UnixEpoch,
        Driver = "vm-executor 1",
        Architecture = "x86_64",
        Files = [file],
        Chunks = [.. chunks.Select((length, number) => new ArtifactChunk(new string((char)('a' + number), 64), 10, length))],
    };
}
