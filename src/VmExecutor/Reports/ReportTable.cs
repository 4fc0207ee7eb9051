using Spectre.Console;
using VmExecutor.Core.Values;
using VmExecutor.Live;

namespace VmExecutor.Reports;

/// <summary>
/// A table for people, as wide as the terminal at most, or as it needs to be in a pipe, where each row is one line. Where there is too little room, words are broken at spaces and names
/// are cut, which an ellipsis shows. Where there is no room for that, each row is a paragraph with a line for each cell.
/// </summary>
internal sealed class ReportTable(params IReadOnlyList<ReportColumn> columns)
{
    private const int LongestText = 1000;
    private const string Between = "  ";

    /// <summary>Of a column with words: a longer one is cut where there is no room for it.</summary>
    private const int LongestWord = 24;

    private readonly List<string[]> _rows = [];

    /// <summary>The columns of the terminal; no limit in a pipe.</summary>
    public static int Width => Console.IsOutputRedirected ? int.MaxValue : TerminalSize.Columns;

    public void Add(params IReadOnlyList<string?> cells) => _rows.Add([.. cells.Select(cell => cell is { Length: > 0 } ? PlainText.OneLine(cell, LongestText) : "-")]);

    public void Print(TextWriter output) => Lines(Width).ToList().ForEach(output.WriteLine);

    /// <param name="width">The most columns that a line has, unless a cell that is never cut has more.</param>
    public IReadOnlyList<string> Lines(int width) => Fit(width) is { } widths ? [.. Table(widths)] : [.. _rows.SelectMany(row => Paragraph(row, width)).SkipLast(1)];

    /// <summary>True: it is a table in so many columns.</summary>
    public bool Fits(int width) => Fit(width) is not null;

    /// <summary>The width of each column; null: the table has no room.</summary>
    private int[]? Fit(int width)
    {
        int[] widths = [.. columns.Select((column, index) => Math.Max(column.Name.GetCellWidth(), Widest(index)))];
        int[] least = [.. columns.Select((column, index) => Math.Min(widths[index], Math.Max(WidestWord(column.Name), Least(column, index))))];
        var over = widths.Sum() + (Between.Length * columns.Count) - 1L - width;
        if (over > widths.Sum() - least.Sum())
        {
            return null;
        }

        for (; over > 0; over--)
        {
            var widest = Enumerable.Range(0, columns.Count).Where(index => widths[index] > least[index]).MaxBy(index => widths[index]);
            widths[widest]--;
        }

        return widths;
    }

    private int Widest(int column) => _rows.Count == 0 ? 0 : _rows.Max(row => row[column].GetCellWidth());

    private int Least(ReportColumn column, int index) => column switch
    {
        { Least: null } => Widest(index),
        { Least: { } least, IsBroken: true } => Math.Max(least, Math.Min(LongestWord, _rows.Select(row => WidestWord(row[index])).DefaultIfEmpty().Max())),
        { Least: { } least } => least,
    };

    private IEnumerable<string> Table(int[] widths)
    {
        foreach (var line in Row([.. columns.Select((column, index) => CellText.Wrap(column.Name, widths[index]))], widths))
        {
            yield return line;
        }

        yield return new string('─', widths.Sum() + (Between.Length * columns.Count) - 1);
        foreach (var line in _rows.SelectMany(row => Row([.. row.Select((cell, index) => columns[index].Lines(cell, widths[index]))], widths)))
        {
            yield return line;
        }
    }

    private IEnumerable<string> Row(IReadOnlyList<IReadOnlyList<string>> cells, int[] widths) => Enumerable.Range(0, cells.Max(cell => cell.Count))
        .Select(line => $" {string.Join(Between, cells.Select((cell, index) => CellText.Pad(cell.ElementAtOrDefault(line) ?? "", widths[index], columns[index].IsNumber)))}".TrimEnd());

    private IEnumerable<string> Paragraph(string[] row, int width)
    {
        var names = columns.Max(column => column.Name.GetCellWidth());
        foreach (var (column, cell) in columns.Zip(row))
        {
            var number = 0;
            foreach (var line in column.Lines(cell.TrimStart(), Math.Max(1, width - names - Between.Length)))
            {
                yield return $"{CellText.Pad(number++ == 0 ? column.Name : "", names, isRight: false)}{Between}{line}".TrimEnd();
            }
        }

        yield return "";
    }

    private static int WidestWord(string text) => text.Split(' ').Max(word => word.GetCellWidth());
}
