using System.Buffers;
using System.Text;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using VmExecutor.Core.Guests;
using Xunit;

namespace VmExecutor.Core.Tests.Guests;

public sealed class EndMarkerScannerTests
{
    private static readonly RunToken Token = new(Enumerable.Range(0, 16).Select(number => (byte)number).ToArray());

    [Fact]
    public void Any_content_in_any_pieces_is_forwarded_unchanged_up_to_the_marker() =>
        Prop.ForAll(Content().ToArbitrary(), Sizes().ToArbitrary(), (content, sizes) =>
        {
            var (forwarded, status) = Scan([.. content, .. Marker(7), .. "written later"u8], sizes);
            return forwarded.SequenceEqual(content) && status == 7;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_content_without_a_marker_is_forwarded_whole_at_the_streams_end() =>
        Prop.ForAll(Content().ToArbitrary(), Sizes().ToArbitrary(), (content, sizes) =>
        {
            var (forwarded, status) = Scan(content, sizes);
            return forwarded.SequenceEqual(content) && status is null;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("\0{0} \n")]
    [InlineData("\0{0} 1234\n")]
    [InlineData("\0{0} 1 \n")]
    [InlineData("\0{0}  1\n")]
    [InlineData("\0{0} 1 x\n")]
    [InlineData("\0{0} 1 2 3\n")]
    [InlineData("\0{0} 1 -5\n")]
    [InlineData("\0{0} 1 1234567890123\n")]
    [InlineData("\0{0} x\n")]
    [InlineData("\0{0}\n")]
    [InlineData("{0} 1\n")]
    [InlineData("\0\0")]
    public void Text_that_only_looks_like_a_marker_is_content(string text)
    {
        var content = Encoding.ASCII.GetBytes(text.Replace("{0}", Token.Value, StringComparison.Ordinal));

        Scan([.. content, .. Marker(0)], [1]).Should().BeEquivalentTo((content, 0));
    }

    [Theory]
    [InlineData("\0{0} 7\n", null)]
    [InlineData("\0{0} 7 0\n", 0L)]
    [InlineData("\0{0} 7 97517\n", 97517L << 10)]
    [InlineData("\0{0} 7 999999999999\n", 999999999999L << 10)]
    [InlineData("\0{0} 7 1234567890123\n\0{0} 7\n", null)]
    [InlineData("\0{0} 9 12\0{0} 7 5\n", 5L << 10)]
    public void A_marker_may_tell_the_memory_that_the_guest_used(string stream, long? bytes)
    {
        var scanner = new EndMarkerScanner(Token);
        foreach (var one in Encoding.ASCII.GetBytes(stream.Replace("{0}", Token.Value, StringComparison.Ordinal)))
        {
            scanner.Feed([one], new ArrayBufferWriter<byte>());
        }

        (scanner.Status, scanner.PeakBytes).Should().Be((7, bytes));
    }

    [Fact]
    public void Only_what_may_be_a_marker_is_held_back()
    {
        var scanner = new EndMarkerScanner(Token);
        var output = new ArrayBufferWriter<byte>();

        scanner.Feed("abc\0"u8, output);
        Encoding.ASCII.GetString(output.WrittenSpan).Should().Be("abc");

        scanner.Feed("d"u8, output);
        Encoding.ASCII.GetString(output.WrittenSpan).Should().Be("abc\0d");
    }

    private static (byte[] Forwarded, int? Status) Scan(byte[] stream, int[] sizes)
    {
        var scanner = new EndMarkerScanner(Token);
        var output = new ArrayBufferWriter<byte>();
        for (int at = 0, turn = 0; at < stream.Length; turn++)
        {
            var count = Math.Min(sizes[turn % sizes.Length], stream.Length - at);
            scanner.Feed(stream.AsSpan(at, count), output);
            at += count;
        }

        scanner.Release(output);
        return (output.WrittenSpan.ToArray(), scanner.Status);
    }

    private static byte[] Marker(int status) => Encoding.ASCII.GetBytes($"\0{Token} {status}\n");

    // Noise, and pieces cut from a marker, so that beginnings of markers are frequent.
    private static Gen<byte[]> Content()
    {
        var noise = Gen.ArrayOf(Gen.Choose(0, 255).Select(value => (byte)value));

        // Up to the status digit: with it, noise that begins with a line break would complete a true marker.
        var beginning = Gen.Choose(0, Marker(7).Length - 2).Select(length => Marker(7)[..length]);
        return Gen.OneOf(noise, beginning, Gen.Constant<byte[]>([0])).ListOf().Select(pieces => pieces.SelectMany(piece => piece).ToArray());
    }

    private static Gen<int[]> Sizes() => Gen.NonEmptyListOf(Gen.Choose(1, 50)).Select(sizes => sizes.ToArray());
}
