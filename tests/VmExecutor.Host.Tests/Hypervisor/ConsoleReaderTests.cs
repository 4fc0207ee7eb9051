using FluentAssertions;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using Xunit;

namespace VmExecutor.Host.Tests.Hypervisor;

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
    public async Task What_is_there_is_shown_or_its_last_lines(int? last, string expected)
    {
        File.WriteAllText(Console.Value, "one\ntwo\nthree\n");

        await Reader.CopyAsync(last, raw: false, goesOn: null, Token);

        _output.ToString().Should().Be(expected);
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
    public async Task What_comes_later_is_shown_until_the_VM_is_gone_also_its_last_words()
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
