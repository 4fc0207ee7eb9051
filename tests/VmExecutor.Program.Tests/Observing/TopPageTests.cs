using FluentAssertions;
using VmExecutor.Observing;
using Xunit;

namespace VmExecutor.Program.Tests.Observing;

public sealed class TopPageTests
{
    private static readonly string[] Head = ["3 running", "", " job  project", "────────────"];

    [Fact]
    public void A_table_that_fits_is_shown_whole()
    {
        var page = PageOf(rows: 6, height: 10);

        page.Lines(0).Should().Equal([.. Head, .. Rows(1, 6)]);
        page.Move(0, Key(ConsoleKey.DownArrow)).Should().Be(0);
        page.Lines(3).Should().HaveCount(10);
    }

    [Fact]
    public void The_head_stays_while_rows_are_scrolled_and_the_last_line_says_which_are_shown()
    {
        var page = PageOf(rows: 7, height: 10);

        page.Lines(0).Should().Equal([.. Head, .. Rows(1, 5), "lines 1 to 5 of 7: arrow keys, j, k, PgUp and PgDn scroll, q quits"]);
        page.Lines(1).Should().Equal([.. Head, .. Rows(2, 5), "lines 2 to 6 of 7: arrow keys, j, k, PgUp and PgDn scroll, q quits"]);
        page.Lines(1000).Should().Equal(page.Lines(2), "jobs have ended meanwhile");
    }

    [Theory]
    [InlineData(ConsoleKey.DownArrow, '\0', 11)]
    [InlineData(ConsoleKey.J, 'j', 11)]
    [InlineData(ConsoleKey.UpArrow, '\0', 9)]
    [InlineData(ConsoleKey.K, 'k', 9)]
    [InlineData(ConsoleKey.PageDown, '\0', 15)]
    [InlineData(ConsoleKey.Spacebar, ' ', 15)]
    [InlineData(ConsoleKey.PageUp, '\0', 5)]
    [InlineData(ConsoleKey.Home, '\0', 0)]
    [InlineData(ConsoleKey.G, 'g', 0)]
    [InlineData(ConsoleKey.End, '\0', 95)]
    [InlineData(ConsoleKey.G, 'G', 95)]
    [InlineData(ConsoleKey.X, 'x', 10)]
    public void Keys_move_the_rows(ConsoleKey key, char letter, int first) => PageOf(rows: 100, height: 10).Move(10, Key(key, letter)).Should().Be(first);

    [Fact]
    public void Keys_stop_at_both_ends()
    {
        var page = PageOf(rows: 100, height: 10);

        page.Move(2, Key(ConsoleKey.PageUp)).Should().Be(0);
        page.Move(94, Key(ConsoleKey.PageDown)).Should().Be(95);
    }

    [Theory]
    [InlineData(3, 20)]
    [InlineData(5, 20)]
    [InlineData(6, 1)]
    [InlineData(6, 2)]
    [InlineData(24, 500)]
    public void No_more_lines_are_drawn_than_the_terminal_has(int height, int rows)
    {
        var page = PageOf(rows, height);

        page.Lines(0).Should().HaveCountLessThanOrEqualTo(height).And.Contain(" job-001");
    }

    [Fact]
    public void Lines_without_a_table_are_scrolled_as_a_whole()
    {
        var page = TopPage.Of([.. Rows(1, 9)], 30, 5);

        page.Lines(2).Should().Equal([.. Rows(3, 4), "lines 3 to 6 of 9: arrow key…"]);
        page.Lines(2)[^1].Length.Should().BeLessThan(31);
    }

    private static TopPage PageOf(int rows, int height) => TopPage.Of([.. Head, .. Rows(1, rows)], 100, height);

    private static IEnumerable<string> Rows(int first, int count) => Enumerable.Range(first, count).Select(number => $" job-{number:000}");

    private static ConsoleKeyInfo Key(ConsoleKey key, char letter = '\0') => new(letter, key, shift: false, alt: false, control: false);
}
