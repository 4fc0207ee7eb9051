using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Live;
using Xunit;

namespace VmExecutor.Program.Tests.Live;

public sealed class LiveScreenTests : IDisposable
{
    private const string Erase = "\r\u001b[K";

    private readonly FakeTimeProvider _time = new();
    private readonly StringWriter _terminal = new() { NewLine = "\n" };
    private readonly LiveScreen _screen;

    private int _width = 80;

    public LiveScreenTests() => _screen = new LiveScreen(_terminal, () => _width, "publishing", _time);

    public void Dispose()
    {
        _screen.Dispose();
        _terminal.Dispose();
    }

    [Fact]
    public void A_command_that_is_over_in_a_moment_shows_its_lines_only()
    {
        _screen.Write("one", _terminal, isTerminal: true);
        _time.Advance(TimeSpan.FromMilliseconds(400));
        _screen.Dispose();
        _time.Advance(TimeSpan.FromSeconds(4));

        _terminal.ToString().Should().Be("one\n");
    }

    [Fact]
    public void The_last_line_is_drawn_again_and_again_and_lines_come_above_it()
    {
        _time.Advance(TimeSpan.FromMilliseconds(500));
        for (var turn = 0; turn < 3; turn++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(200));
        }

        _screen.Write("two", _terminal, isTerminal: true);
        _time.Advance(TimeSpan.FromMilliseconds(200));
        _screen.Dispose();

        _terminal.ToString().Split(Erase).Should().Equal(
            "", Drawn("| publishing  (0 s)"), Drawn("/ publishing  (0 s)"), Drawn("- publishing  (0 s)"), Drawn("\\ publishing  (1 s)"), "two\n", Drawn("| two  (0 s)"), "");
    }

    [Fact]
    public void Amounts_of_an_action_are_shown_in_it_and_the_last_one_is_a_line()
    {
        _time.Advance(TimeSpan.FromMilliseconds(500));
        _screen.Write("copying: 10 %", _terminal, isTerminal: true);
        _screen.Write("copying: 50 %", _terminal, isTerminal: true);
        _time.Advance(TimeSpan.FromMilliseconds(200));
        _screen.Write("copying: 100 %", _terminal, isTerminal: true);
        _screen.Dispose();

        _terminal.ToString().Split(Erase).Should().Equal("", Drawn("| publishing  (0 s)"), Drawn("/ copying  [============>           ] 50 %  (0 s)"), "copying: 100 %\n");
    }

    [Fact]
    public void A_line_that_a_narrower_terminal_has_broken_is_erased_with_all_below_it()
    {
        _time.Advance(TimeSpan.FromMilliseconds(500));
        _width = 40;
        _time.Advance(TimeSpan.FromMilliseconds(200));
        _time.Advance(TimeSpan.FromMilliseconds(200));
        _width = 30;
        _screen.Dispose();

        _terminal.ToString().Should().Be($"{Erase}{Drawn("| publishing  (0 s)")}\r\u001b[J{Drawn("/ publishing  (0 s)")}{Erase}{Drawn("- publishing  (0 s)")}\r\u001b[J");
    }

    [Fact]
    public void An_action_is_shown_and_is_no_line()
    {
        _screen.Show(new TransferAmount("pushing", 50, "1MiB of 2MiB"));
        _time.Advance(TimeSpan.FromMilliseconds(500));
        _screen.Write("about a part", _terminal, isTerminal: true);
        _time.Advance(TimeSpan.FromMilliseconds(200));
        _screen.End();
        _time.Advance(TimeSpan.FromSeconds(4));
        _screen.Write("rest", _terminal, isTerminal: true);

        _terminal.ToString().Split(Erase).Should().Equal(
            "", Drawn("| pushing  [============>           ] 50 %  1MiB of 2MiB  (0 s)"), "about a part\n", Drawn("/ pushing  [============>           ] 50 %  1MiB of 2MiB  (0 s)"), "rest\n");
    }

    [Fact]
    public void A_guests_output_comes_above_it_and_its_unfinished_line_is_not_written_over()
    {
        using var bytes = new Bytes(_terminal);
        using var guest = new LiveBytes(bytes, () => _screen);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        guest.Write("git ver"u8);
        _time.Advance(TimeSpan.FromSeconds(1));
        guest.Write("sion 2\nand"u8);
        _screen.Write("two", _terminal, isTerminal: true);
        guest.Write("three\n"u8);
        _time.Advance(TimeSpan.FromMilliseconds(200));
        _screen.Dispose();

        _terminal.ToString().Split(Erase).Should().Equal("", Drawn("| publishing  (0 s)"), "git version 2\nand\ntwo\nthree\n", Drawn("/ two  (0 s)"), "");
    }

    [Fact]
    public void A_file_gets_each_line_and_nothing_else()
    {
        using var file = new StringWriter { NewLine = "\n" };
        using var writer = new LiveWriter(file, _screen, isTerminal: false) { NewLine = "\n" };

        writer.WriteLine("copying: 10 %");
        _time.Advance(TimeSpan.FromSeconds(1));
        writer.Write("copying: ");
        writer.Write("50 %\nrest");
        writer.Dispose();

        file.ToString().Should().Be("copying: 10 %\ncopying: 50 %\nrest");
    }

    private static string Drawn(string line) => $"\u001b[?7l{line}\u001b[?7h\r";

    private sealed class Bytes(StringWriter terminal) : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => terminal.Write(System.Text.Encoding.UTF8.GetString(buffer));
    }
}
