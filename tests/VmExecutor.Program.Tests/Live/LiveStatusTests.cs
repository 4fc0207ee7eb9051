using FluentAssertions;
using Spectre.Console;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Live;
using Xunit;

namespace VmExecutor.Program.Tests.Live;

public sealed class LiveStatusTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("copying disk vda: 42 %", 8, "| copying disk vda  [==========>             ] 42 %  11 s left  (8 s)")]
    [InlineData("copying disk vda: 42 %", 1, "| copying disk vda  [==========>             ] 42 %  (1 s)")]
    [InlineData("copying disk vda: 0 %", 100, "| copying disk vda  [>                       ] 0 %  (1 min 40 s)")]
    [InlineData("copying disk vda: 100 %", 9, "| copying disk vda  [========================] 100 %  (9 s)")]
    [InlineData("downloading a (1).qcow2: 50 % (123MiB of 246MiB, 12MiB/s)", 10, "| downloading a (1).qcow2  [============>           ] 50 %  123MiB of 246MiB, 12MiB/s  10 s left  (10 s)")]
    [InlineData("unpacking a: 12MiB, 3MiB/s", 4, "| unpacking a  12MiB, 3MiB/s  (4 s)")]
    [InlineData("removing leftovers: 50 % (1 of 2)", 4, "| removing leftovers  [============>           ] 50 %  1 of 2  4 s left  (4 s)")]
    [InlineData("starting a clone of it to probe it", 3725, "| starting a clone of it to probe it  (62 min 5 s)")]
    public void The_line_tells_what_is_done_how_much_and_for_how_long(string line, int seconds, string expected)
    {
        var now = Now.AddSeconds(seconds);
        var first = LiveStatus.After(null, line, Now);

        (TransferText.TryReadProgress(line) is null ? first : LiveStatus.After(first, line, now)).ToLine(now, 0, 200).Should().Be(expected);
    }

    [Fact]
    public void The_time_left_is_counted_down_until_the_next_amount_is_told()
    {
        var told = LiveStatus.After(LiveStatus.After(null, "copying: 10 %", Now), "copying: 20 %", Now.AddSeconds(10));

        Left(10).Should().Be("40 s left");
        Left(15).Should().Be("35 s left", "the copy goes on while nothing is told");
        Left(60).Should().Be("0 s left");

        string Left(int seconds) => told.ToLine(Now.AddSeconds(seconds), 0, 200).Split("  ")[^2];
    }

    [Fact]
    public void Each_text_of_progress_is_read_again()
    {
        TransferText.TryReadProgress(TransferText.Progress("downloading x: y", 5 << 20, 10 << 20, 1 << 20)).Should().Be(new TransferAmount("downloading x: y", 50, "5MiB of 10MiB, 1MiB/s"));
        TransferText.TryReadProgress(TransferText.Progress("x", 100, null, null)).Should().Be(new TransferAmount("x", null, "1KiB"));
        TransferText.TryReadProgress(TransferText.Progress("x", 5 << 20, 10 << 20, null)).Should().Be(new TransferAmount("x", 50, "5MiB of 10MiB"));
        TransferText.TryReadProgress(TransferText.Progress("x", 3, 4)).Should().Be(new TransferAmount("x", 75, "3 of 4"));
    }

    [Theory]
    [InlineData("it takes 2214.3 MiB on the disk")]
    [InlineData("image 'a': making generation 1 of domain 'b'")]
    [InlineData("a: 101 %")]
    [InlineData("")]
    public void Another_line_is_no_amount(string line) => TransferText.TryReadProgress(line).Should().BeNull();

    [Fact]
    public void An_action_began_with_its_first_amount_and_another_begins_anew()
    {
        var first = LiveStatus.After(LiveStatus.After(null, "building", Now), "copying: 1 %", Now.AddSeconds(5));
        var second = LiveStatus.After(first, "copying: 50 %", Now.AddSeconds(9));

        (first.Began, second.Began).Should().Be((Now.AddSeconds(5), Now.AddSeconds(5)));
        LiveStatus.After(second, "checksum: 50 %", Now.AddSeconds(20)).Began.Should().Be(Now.AddSeconds(20));
        LiveStatus.After(LiveStatus.After(null, "same", Now), "same", Now.AddSeconds(3)).Began.Should().Be(Now.AddSeconds(3));
    }

    [Fact]
    public void Lines_about_parts_of_an_action_do_not_end_it()
    {
        var action = LiveStatus.During(null, new TransferAmount("building 'a'", null, "one"), Now);
        var line = LiveStatus.After(action, "WARNING: emulated", Now.AddSeconds(3));
        var further = LiveStatus.During(line, new TransferAmount("building 'a'", null, "two"), Now.AddSeconds(5));

        line.ToLine(Now.AddSeconds(4), 0, 80).Should().Be("| building 'a'  one  (4 s)");
        further.ToLine(Now.AddSeconds(6), 0, 80).Should().Be("| building 'a'  two  (6 s)");
        LiveStatus.After(further, "copying: 1 %", Now.AddSeconds(7)).ToLine(Now.AddSeconds(7), 0, 80).Should().Contain("| copying  [");
        LiveStatus.During(further, new TransferAmount("probing", null, null), Now.AddSeconds(9)).ToLine(Now.AddSeconds(9), 0, 80).Should().Be("| probing  (0 s)");
    }

    [Theory]
    [InlineData(130, "| downloading debian-12.qcow2  [============>           ] 50 %  123MiB of 246MiB, 12MiB/s  10 s left  (10 s)")]
    [InlineData(90, "| downloading debian-12.qcow2  50 %  123MiB of 246MiB, 12MiB/s  10 s left  (10 s)")]
    [InlineData(60, "| downloading debian-12.qcow2  50 %  10 s left  (10 s)")]
    [InlineData(40, "| downloading debian-12.…  50 %  (10 s)")]
    [InlineData(30, "| downloading debian-1…  50 %")]
    [InlineData(9, "| downl…")]
    public void The_bar_is_left_out_before_the_numbers_where_there_is_no_room(int width, string expected)
    {
        var first = LiveStatus.After(null, "downloading debian-12.qcow2: 1 % (2MiB of 246MiB, 12MiB/s)", Now);

        LiveStatus.After(first, "downloading debian-12.qcow2: 50 % (123MiB of 246MiB, 12MiB/s)", Now.AddSeconds(10)).ToLine(Now.AddSeconds(10), 0, width).Should().Be(expected);
    }

    [Theory]
    [InlineData("a\u001b[2Jxxxx")]
    [InlineData("漢字かな交じり文")]
    [InlineData("🙂🙂🙂")]
    [InlineData("אבג")]
    public void No_line_is_as_wide_as_the_terminal_nor_can_it_steer_it(string words)
    {
        var text = string.Concat(Enumerable.Repeat(words, 50));
        foreach (var work in new[] { new TransferAmount(text, null, null), new TransferAmount("short", null, text), new TransferAmount(text, 42, "1MiB of 2MiB"), new TransferAmount(text, null, text) })
        {
            for (var width = 1; width < 200; width++)
            {
                var line = LiveStatus.During(null, work, Now).ToLine(Now.AddSeconds(100), 1, width);

                line.Should().StartWith("/ ").And.NotContain("\u001b");
                line.GetCellWidth().Should().BeLessThan(Math.Max(width, 5));
            }
        }
    }

    [Theory]
    [InlineData(true, "xterm", null, true)]
    [InlineData(true, "xterm", "false", true)]
    [InlineData(true, "xterm", "true", false)]
    [InlineData(true, "dumb", null, false)]
    [InlineData(true, "", null, false)]
    [InlineData(true, null, null, false)]
    [InlineData(false, "xterm", null, false)]
    public void It_is_shown_where_a_person_sees_it(bool isTerminal, string? terminal, string? ci, bool isShown)
    {
        var variables = new Dictionary<string, string>();
        foreach (var (name, value) in new[] { ("TERM", terminal), ("CI", ci) })
        {
            if (value is not null)
            {
                variables[name] = value;
            }
        }

        LiveScreen.IsOf(variables, isTerminal).Should().Be(isShown);
    }
}
