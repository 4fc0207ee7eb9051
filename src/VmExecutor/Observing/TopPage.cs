using VmExecutor.Live;

namespace VmExecutor.Observing;

/// <summary>A table on a terminal that may have fewer lines: its head stays, its rows are scrolled, and the last line tells how.</summary>
/// <param name="Head">The lines that stay.</param>
/// <param name="Rows">The lines below them.</param>
/// <param name="Width">The terminal's columns.</param>
/// <param name="Height">The terminal's lines.</param>
internal sealed record TopPage(IReadOnlyList<string> Head, IReadOnlyList<string> Rows, int Width, int Height)
{
    /// <summary>The number of rows that there is room for.</summary>
    private int Room => Math.Max(1, Height - Head.Count - (HasAll ? 0 : 1));

    private bool HasAll => Head.Count + Rows.Count <= Height;

    private int Last => Math.Max(0, Rows.Count - Room);

    /// <param name="lines">The table; all up to the rule below its names are its head.</param>
    /// <param name="width">The terminal's columns.</param>
    /// <param name="height">The terminal's lines, of which the head leaves one for a row, and one for the last line.</param>
    public static TopPage Of(IReadOnlyList<string> lines, int width, int height)
    {
        var head = lines.TakeWhile(line => !line.StartsWith('─')).Count() + 1;
        return head >= lines.Count
            ? new TopPage([], lines, width, height)
            : new TopPage([.. lines.Take(Math.Min(head, height - 2))], [.. lines.Skip(head)], width, height);
    }

    /// <summary>The first row that is shown after a key.</summary>
    /// <param name="first">The first row that is shown now.</param>
    /// <param name="key">The key; one that moves nothing leaves it.</param>
    public int Move(int first, ConsoleKeyInfo key) => Math.Clamp(
        key switch
        {
            { Key: ConsoleKey.DownArrow } or { KeyChar: 'j' } => first + 1,
            { Key: ConsoleKey.UpArrow } or { KeyChar: 'k' } => first - 1,
            { Key: ConsoleKey.PageDown } or { KeyChar: ' ' } => first + Room,
            { Key: ConsoleKey.PageUp } => first - Room,
            { Key: ConsoleKey.Home } or { KeyChar: 'g' } => 0,
            { Key: ConsoleKey.End } or { KeyChar: 'G' } => Last,
            _ => first,
        },
        0,
        Last);

    /// <summary>No more lines than the terminal has.</summary>
    /// <param name="first">The first row.</param>
    public IReadOnlyList<string> Lines(int first)
    {
        var begin = Math.Clamp(first, 0, Last);
        return HasAll
            ? [.. Head, .. Rows]
            : [.. Head, .. Rows.Skip(begin).Take(Room), CellText.Cut($"lines {begin + 1} to {begin + Room} of {Rows.Count}: arrow keys, j, k, PgUp and PgDn scroll, q quits", Width - 1)];
    }
}
