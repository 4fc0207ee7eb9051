using System.Buffers;
using System.Text;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using VmExecutor.Core.Guests;
using Xunit;

namespace VmExecutor.Core.Tests.Guests;

public sealed class ScriptNameScannerTests
{
    private const string Path = "/tmp/vmx-000102030405060708090a0b0c0d0e0f-script";
    private const string Name = "step_script";

    [Theory]
    [InlineData("{0}: line 12: foo: command not found\n", "{1}: line 12: foo: command not found\n")]
    [InlineData("{0}: 12: foo: not found\n", "{1}: 12: foo: not found\n")]
    [InlineData("E: {0}[12]: foo: not found\n", "E: {1}[12]: foo: not found\n")]
    [InlineData("{0}: eval: line 1: a\n{0}: line 2: b", "{1}: eval: line 1: a\n{1}: line 2: b")]
    [InlineData("{0}:{0}[{0}:", "{1}:{1}[{1}:")]
    [InlineData("{0}", "{0}")]
    [InlineData("{0} {0}.bak: {0}/x {0}\n", "{0} {0}.bak: {0}/x {0}\n")]
    [InlineData("/tmp{0}: /tmp/vmx-/tm{0}: {0}{0}: //", "/tmp{1}: /tmp/vmx-/tm{1}: {0}{1}: //")]
    [InlineData("/tmp/vmx-000102030405060708090a0b0c0d0e0e-script: line 1", "/tmp/vmx-000102030405060708090a0b0c0d0e0e-script: line 1")]
    public void The_path_that_begins_a_message_becomes_the_name_and_no_other_byte_changes(string output, string named)
    {
        var bytes = Bytes(output);

        for (var size = 1; size <= bytes.Length; size++)
        {
            Encoding.UTF8.GetString(Scan(bytes, [size], Path)).Should().Be(Encoding.UTF8.GetString(Bytes(named)));
        }
    }

    [Theory]
    [InlineData("a")]
    [InlineData("aab")]
    [InlineData("abab:ab")]
    [InlineData("//a//a/")]
    [InlineData(Path)]
    public void Any_bytes_in_any_pieces_are_named_as_if_they_came_at_once(string path) =>
        Prop.ForAll(Content(path).ToArbitrary(), Gen.NonEmptyListOf(Gen.Choose(1, 60)).ToArbitrary(), (content, sizes) =>
        {
            // Latin 1 has a character for each byte.
            var all = Encoding.Latin1.GetString(content);
            return Encoding.Latin1.GetString(Scan(content, [.. sizes], path)) == Named(all, path);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Only_what_may_be_the_path_is_held_back()
    {
        var scanner = new ScriptNameScanner(Bytes("{0}"), Name);
        var output = new ArrayBufferWriter<byte>();

        scanner.Feed("50 %\r/tmp/"u8, output);
        (Encoding.UTF8.GetString(output.WrittenSpan), scanner.IsHolding).Should().Be(("50 %\r", true));
        scanner.Feed("x"u8, output);
        (Encoding.UTF8.GetString(output.WrittenSpan), scanner.IsHolding).Should().Be(("50 %\r/tmp/x", false));

        scanner.Feed("/"u8, output);
        scanner.Release(output);
        (Encoding.UTF8.GetString(output.WrittenSpan), scanner.IsHolding).Should().Be(("50 %\r/tmp/x/", false));
        scanner.Feed("tmp"u8, output);
        Encoding.UTF8.GetString(output.WrittenSpan).Should().Be("50 %\r/tmp/x/tmp", "what was released is no beginning any more");
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text.Replace("{0}", Path, StringComparison.Ordinal).Replace("{1}", Name, StringComparison.Ordinal));

    private static byte[] Scan(byte[] stream, int[] sizes, string path)
    {
        var scanner = new ScriptNameScanner(Encoding.UTF8.GetBytes(path), Name);
        var output = new ArrayBufferWriter<byte>();
        for (int at = 0, turn = 0; at < stream.Length; turn++)
        {
            var count = Math.Min(sizes[turn % sizes.Length], stream.Length - at);
            scanner.Feed(stream.AsSpan(at, count), output);
            at += count;
        }

        scanner.Release(output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The leftmost occurrences before a colon or a bracket.</summary>
    private static string Named(string text, string path)
    {
        var named = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            var end = at + path.Length;
            var isNamed = end < text.Length && text[end] is ':' or '[' && string.CompareOrdinal(text, at, path, 0, path.Length) == 0;
            named.Append(isNamed ? Name : text[at].ToString());
            at = isNamed ? end : at + 1;
        }

        return named.ToString();
    }

    private static Gen<byte[]> Content(string path)
    {
        var whole = Encoding.UTF8.GetBytes(path);
        var noise = Gen.ArrayOf(Gen.Choose(0, 255).Select(value => (byte)value));
        var beginning = Gen.Choose(0, whole.Length).Select(length => whole[..length]);
        var message = Gen.Elements(":", "[", " ", "/", "a").Select(next => (byte[])[.. whole, .. Encoding.ASCII.GetBytes(next)]);
        return Gen.OneOf(noise, beginning, message).ListOf().Select(pieces => pieces.SelectMany(piece => piece).ToArray());
    }
}
