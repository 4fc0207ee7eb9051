using FluentAssertions;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using Xunit;

namespace VmExecutor.Host.Tests.Hypervisor;

[Collection(AloneCollection.Name)]
public sealed class ConsoleReaderTests : IDisposable
{
    private readonly AbsolutePath _directory = new(Directory.CreateTempSubdirectory("vmx-console-").FullName);
    private readonly StringWriter _output = new();

    private AbsolutePath Console => _directory.Child("console.log");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _output.Dispose();
        Directory.Delete(_directory.Value, recursive: true);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(null, "one\ntwo\nthree\n")]
    [InlineData(2, "two\nthree\n")]
    [InlineData(0, "")]
    [InlineData(9, "one\ntwo\nthree\n")]
    public async Task The_console_so_far_is_shown_or_its_last_lines(int? last, string expected)
    {
        File.WriteAllText(Console.Value, "one\ntwo\nthree\n");

        await Reader.CopyAsync(last, raw: false, goesOn: null, Token);

        _output.ToString().Should().Be(expected);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("one\ntwo", 1, "two")]
    [InlineData("one\ntwo", 2, "one\ntwo")]
    [InlineData("\n\n\n", 2, "\n\n")]
    [InlineData("", 3, "")]
    [InlineData("one line without an end", 1, "one line without an end")]
    [InlineData("one line without an end", 0, "")]
    [InlineData("ä\nö\nü\n", 2, "ö\nü\n")]
    public async Task The_last_lines_are_those_of_tail(string text, int last, string expected)
    {
        File.WriteAllText(Console.Value, text);

        await Reader.CopyAsync(last, raw: false, goesOn: null, Token);

        _output.ToString().Should().Be(expected);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(200_000)]
    public async Task The_last_lines_are_found_across_blocks(int length)
    {
        var line = new string('x', length);
        File.WriteAllText(Console.Value, $"first\n{line}\nlast\n");

        await Reader.CopyAsync(last: 2, raw: false, goesOn: null, Token);

        _output.ToString().Should().Be($"{line}\nlast\n");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("\nthe end\n", 1, "the end\n")]
    [InlineData("\nthe\nend", 2, "the\nend")]
    [InlineData("\nthe end\n", 5, "…\n\nthe end\n")]
    [InlineData("", 1, "…\n")]
    public async Task Of_a_console_of_a_TiB_only_the_end_is_read_and_none_of_it_kept(string end, int last, string expected)
    {
        using (var file = File.OpenWrite(Console.Value))
        {
            // One line, of which nothing is on the disk.
            file.SetLength(1L << 40);
            file.Seek(0, SeekOrigin.End);
            file.Write(System.Text.Encoding.UTF8.GetBytes(end));
        }

        var before = GC.GetTotalAllocatedBytes();
        await Reader.CopyAsync(last, raw: false, goesOn: null, Token);

        _output.ToString().Should().Be(expected);
        (GC.GetTotalAllocatedBytes() - before).Should().BeLessThan(1 << 30, "the last 64 MiB go through a small buffer");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_console_without_end_is_left_when_it_is_cancelled()
    {
        using (var file = File.OpenWrite(Console.Value))
        {
            file.SetLength(1L << 42);
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        stop.CancelAfter(TimeSpan.FromMilliseconds(300));
        var copy = () => Task.Run(() => Reader.CopyAsync(last: null, raw: false, goesOn: null, stop.Token), Token);

        await copy.Should().ThrowAsync<OperationCanceledException>();
    }

    [Theory(Timeout = 60_000)]
    [InlineData(false, "[31mred[0m\tä\n")]
    [InlineData(true, "\u001b[31mred\u001b[0m\tä\r\n")]
    public async Task A_guest_steers_no_terminal_unless_it_is_let(bool raw, string expected)
    {
        File.WriteAllText(Console.Value, "\u001b[31mred\u001b[0m\tä\r\n");

        await Reader.CopyAsync(last: null, raw, goesOn: null, Token);

        _output.ToString().Should().Be(expected);
    }

    [Fact(Timeout = 60_000)]
    public async Task Later_lines_are_shown_until_the_VM_is_gone_also_the_last_ones()
    {
        File.WriteAllText(Console.Value, "old\nnow\n");
        var questions = 0;

        await Reader.CopyAsync(
            last: 1,
            raw: false,
            _ =>
            {
                File.AppendAllText(Console.Value, $"later {++questions}\n");
                return Task.FromResult(questions < 3);
            },
            Token);

        _output.ToString().Should().Be("now\nlater 1\nlater 2\nlater 3\n");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_console_that_is_not_there_is_named()
    {
        var copy = () => Reader.CopyAsync(last: null, raw: false, goesOn: null, Token);

        (await copy.Should().ThrowAsync<HostFileException>()).Which.Message.Should().Contain(Console.Value);
    }

    private ConsoleReader Reader => new(Console, _output, TimeProvider.System);
}
