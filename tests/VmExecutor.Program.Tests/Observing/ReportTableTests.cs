using FluentAssertions;
using Spectre.Console;
using VmExecutor.Live;
using VmExecutor.Reports;
using Xunit;

namespace VmExecutor.Program.Tests.Observing;

public sealed class ReportTableTests
{
    private const string Words = "NOT PUBLISHED: jobs fail until 'vm-executor image publish' has made a generation of it";
    private const string LongName = "group/a-subgroup-with-a-long-name/another-one/project";
    private const string Chinese = "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字";

    [Theory]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(130)]
    public void In_each_terminal_no_line_is_too_wide_and_each_word_is_whole_or_cut_with_an_ellipsis(int width)
    {
        var lines = Table().Lines(width);

        lines.Should().OnlyContain(line => line.GetCellWidth() <= width);
        var seen = lines.SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToHashSet();
        seen.Should().Contain(Words.Split(' ')).And.Contain(["123456.7", "abc-4711-3f0c2a"]);
        foreach (var name in new[] { LongName, Chinese })
        {
            seen.Should().Contain(word => word == name || (word.EndsWith('…') && word.Length > 2 && name.StartsWith(word.TrimEnd('…'), StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void In_a_pipe_each_row_is_one_line_with_all_that_it_has()
    {
        var lines = Table().Lines(int.MaxValue);

        lines.Should().HaveCount(4);
        lines[2].Should().MatchRegex($"^ abc-4711-3f0c2a  +{LongName}  +123456.7  +{Words}$");
        lines[3].Should().EndWith("ready");
    }

    [Fact]
    public void Columns_stand_below_their_names_whatever_letters_are_before_them()
    {
        var lines = Table().Lines(int.MaxValue);

        lines.Where(line => line[0] != '─').Select(line => line[..EndOfNumber(line)].GetCellWidth()).Distinct().Should().ContainSingle();

        static int EndOfNumber(string line) => line.IndexOf("seconds", StringComparison.Ordinal) is > 0 and var head ? head + "seconds".Length : line.IndexOf(".7", StringComparison.Ordinal) + 2;
    }

    [Fact]
    public void Words_go_on_in_the_next_line_where_they_have_less_room()
    {
        var table = new ReportTable(ReportColumn.OfKey("key"), ReportColumn.OfWords("why"));
        table.Add("abc", "one two three four five six");

        table.Lines(22).Should().Equal(" key  why", "──────────────────────", " abc  one two three", "      four five six");
    }

    [Fact]
    public void Each_row_is_a_paragraph_where_there_is_no_room_for_a_table()
    {
        var table = new ReportTable(ReportColumn.OfKey("key"), ReportColumn.OfNames("project"), ReportColumn.OfNumber("seconds"), ReportColumn.OfWords("state"));
        table.Add("abc-4711-3f0c2a", LongName, "1.5", "not published");
        table.Add("  a service", null, "", "ready");

        table.Lines(30).Should().Equal(
            "key      abc-4711-3f0c2a", "project  group/a-subgroup-wit…", "seconds  1.5", "state    not published", "", "key      a service", "project  -", "seconds  -", "state    ready");
    }

    [Fact]
    public void A_key_is_copied_into_commands_and_so_is_never_cut()
    {
        var table = new ReportTable(ReportColumn.OfKey("key"), ReportColumn.OfWords("state"));
        table.Add(new string('k', 50), "ready");

        table.Lines(20).Should().Contain($"key    {new string('k', 50)}");
    }

    [Fact]
    public void Nothing_in_a_cell_steers_the_terminal()
    {
        var table = new ReportTable(ReportColumn.OfNames("name"), ReportColumn.OfWords("why"));
        table.Add("a\u001b[2Jb\u202e", "c\nd\te");

        table.Lines(80)[^1].Should().Be(" a\\u001b[2Jb\\u202e  c\\u000ad\\u0009e");
    }

    [Theory]
    [InlineData("", 10, "")]
    [InlineData("one two", 7, "one two")]
    [InlineData("one two", 6, "one|two")]
    [InlineData("  one two", 7, "  one|  two")]
    [InlineData("a verylongword b", 6, "a|veryl…|b")]
    [InlineData("漢字 漢字", 5, "漢字|漢字")]
    [InlineData("one  two", 20, "one  two")]
    public void Text_is_broken_at_spaces(string text, int columns, string lines) => CellText.Wrap(text, columns).Should().Equal(lines.Split('|'));

    private static ReportTable Table()
    {
        var table = new ReportTable(ReportColumn.OfKey("job"), ReportColumn.OfNames("project"), ReportColumn.OfNumber("seconds"), ReportColumn.OfWords("state"));
        table.Add("abc-4711-3f0c2a", LongName, "123456.7", Words);
        table.Add("abc-4712-3f0c2a", Chinese, "0.7", "ready");
        return table;
    }
}
