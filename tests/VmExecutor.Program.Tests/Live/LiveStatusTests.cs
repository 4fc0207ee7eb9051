using FluentAssertions;
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
    public void The_line_tells_what_is_done_how_much_and_for_how_long(string line, int seconds, string expected) =>
        LiveStatus.After(null, line, Now).ToLine(Now.AddSeconds(seconds), 0, 200).Should().Be(expected);

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

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    public void Words_without_room_are_cut_and_cannot_steer_the_terminal(int width)
    {
        var line = LiveStatus.After(null, $"a\u001b[2J{new string('x', 300)}", Now).ToLine(Now.AddSeconds(100), 1, width);

        line.Should().StartWith("/ a\\u001b[2Jx").And.EndWith("…  (1 min 40 s)").And.NotContain("\u001b");
        line.Length.Should().BeLessThan(width + 6, "an escaped letter counts as one");
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
