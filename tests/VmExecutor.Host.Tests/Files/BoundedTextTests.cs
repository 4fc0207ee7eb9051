using System.Text;
using FluentAssertions;
using VmExecutor.Host.Files;
using Xunit;

namespace VmExecutor.Host.Tests.Files;

/// <summary>Streams without an end cost no more memory than their reader has said.</summary>
[Collection(AloneCollection.Name)]
public sealed class BoundedTextTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(99_999)]
    [InlineData(100_000)]
    public async Task Text_up_to_the_limit_is_whole(int length)
    {
        var text = new string('x', length);

        (await BoundedText.ReadWholeAsync(Bytes(text), 100_000, Cancellation)).Should().Be(text);
        (await BoundedText.ReadEndAsync(Bytes(text), 100_000, Cancellation)).Should().Be(text);
    }

    [Fact(Timeout = 60_000)]
    public async Task Text_without_end_is_refused_in_bounded_memory()
    {
        using var endless = new FileStream("/dev/zero", FileMode.Open);
        var before = GC.GetTotalAllocatedBytes();

        var read = () => BoundedText.ReadWholeAsync(endless, 100_000, Cancellation);

        await read.Should().ThrowAsync<IOException>().WithMessage("*more than 100000 bytes*");
        (GC.GetTotalAllocatedBytes() - before).Should().BeLessThan(64 << 20);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(20_000)]
    [InlineData(1_000_000)]
    public async Task Of_long_text_the_end_is_kept(int longest)
    {
        var text = string.Concat(Enumerable.Range(0, 500_000).Select(number => $"{number}\n"));

        (await BoundedText.ReadEndAsync(Bytes(text), longest, Cancellation)).Should().Be(text[^longest..]);
    }

    [Fact]
    public void Of_a_sparse_file_of_a_TiB_the_end_is_read()
    {
        using (var file = File.OpenWrite(_file))
        {
            file.SetLength(1L << 40);
            file.Seek(0, SeekOrigin.End);
            file.Write("the end"u8);
        }

        BoundedText.ReadEndOf(_file, 16).Should().Be(new string('\0', 9) + "the end");
    }

    [Theory]
    [InlineData("", new string[0])]
    [InlineData("a", new[] { "a" })]
    [InlineData("a\n", new[] { "a" })]
    [InlineData("\n\na\r\n\nb", new[] { "", "", "a", "", "b" })]
    [InlineData("0123456789\n01234567890\n01234567890123456789012345\nb\n", new[] { "0123456789", "", "", "b" })]
    public async Task Lines_are_as_they_are_and_one_that_is_too_long_is_empty_or_the_end(string text, string[] lines)
    {
        var reader = new BoundedLines(Bytes(text), 10);
        var read = new List<string>();
        while (reader.Next() is { } line)
        {
            read.Add(line);
        }

        read.Should().Equal(lines);
        reader.WholeBytes.Should().Be(text.LastIndexOf('\n') + 1);

        var careful = new BoundedLines(Bytes(text), 10);
        var all = async () =>
        {
            while (await careful.NextAsync(Cancellation) is not null)
            {
            }
        };
        if (text.Split('\n').Any(line => line.Length > 10))
        {
            await all.Should().ThrowAsync<IOException>();
        }
        else
        {
            await all.Should().NotThrowAsync();
        }
    }

    private static MemoryStream Bytes(string text) => new(Encoding.UTF8.GetBytes(text));
}
