using System.Globalization;
using Spectre.Console;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Core.Values;

namespace VmExecutor.Live;

/// <summary>The work that goes on: its last line, and how much of it is done where that is known.</summary>
/// <param name="Work">The last line, or the action with its amount.</param>
/// <param name="Began">When it began.</param>
/// <param name="Told">When its amount was told.</param>
/// <param name="IsAction">True: an action that goes on while lines about its parts come. False: a line.</param>
internal sealed record LiveStatus(TransferAmount Work, DateTimeOffset Began, DateTimeOffset Told, bool IsAction)
{
    private const int BarWidth = 24;
    private const int LeastWords = 20;
    private const int LeastDetail = 8;
    private const int LongestText = 1000;
    private const string Turning = "|/-\\";

    /// <summary>The status after a line of the work. A line without an amount does not end an action that is under way.</summary>
    public static LiveStatus After(LiveStatus? before, string line, DateTimeOffset now) => TransferText.TryReadProgress(line) is { } amount
        ? Of(before, amount, now, isAction: false)
        : before is { IsAction: true } ? before : new LiveStatus(new TransferAmount(line, null, null), now, now, IsAction: false);

    /// <summary>The status when an action is under way; another amount of the same action keeps its beginning.</summary>
    public static LiveStatus During(LiveStatus? before, TransferAmount action, DateTimeOffset now) => Of(before, action, now, isAction: true);

    /// <summary>
    /// One line for a terminal: <c>/ copying disk vda  [=====&gt;      ] 42 %  123MiB of 294MiB, 15MiB/s  12 s left  (9 s)</c>. The end is how long the action has taken so far. What has no room
    /// is left out, the bar before the numbers, and words are cut; so it is shorter than the terminal is wide.
    /// </summary>
    /// <param name="now">The time now.</param>
    /// <param name="turn">Counts the lines, for the sign that turns.</param>
    /// <param name="width">The terminal's.</param>
    public string ToLine(DateTimeOffset now, int turn, int width)
    {
        var room = Math.Max(1, width - 3); // without the sign, the space after it, and the last column
        var words = PlainText.OneLine(Work.What, LongestText);
        var least = Math.Min(words.GetCellWidth(), LeastWords);
        var ends = Ends(now, room - words.GetCellWidth()).ToList();
        var end = ends.FirstOrDefault(one => one.GetCellWidth() + least <= room) ?? (ends[^1].GetCellWidth() < room ? ends[^1] : "");
        return $"{Turning[turn % Turning.Length]} {CellText.Cut(words, room - end.GetCellWidth())}{end}";
    }

    private static LiveStatus Of(LiveStatus? before, TransferAmount work, DateTimeOffset now, bool isAction) =>
        new(work, before is { Work.What: var what, Began: var began } && what == work.What ? began : now, now, isAction);

    /// <summary>The ends that a line may have, the longest first.</summary>
    private IEnumerable<string> Ends(DateTimeOffset now, int beside)
    {
        var elapsed = $"  ({Short(now - Began)})";
        var detail = Work.Detail is { } text ? PlainText.OneLine(text, LongestText) : null;
        if (Work.Percent is not { } percent)
        {
            // Another program's words may be longer than any terminal is wide.
            if (detail is not null && beside - elapsed.Length - 2 is >= LeastDetail and var free)
            {
                yield return $"  {CellText.Cut(detail, free)}{elapsed}";
            }

            yield return elapsed;
            yield break;
        }

        var (share, left) = (string.Create(CultureInfo.InvariantCulture, $"{percent} %"), Left(percent, now));
        var numbers = detail is null ? "" : $"  {detail}";
        yield return $"  {Bar(percent)} {share}{numbers}{left}{elapsed}";
        yield return $"  {share}{numbers}{left}{elapsed}";
        yield return $"  {share}{left}{elapsed}";
        yield return $"  {share}{elapsed}";
        yield return $"  {share}";
    }

    private static string Bar(int percent)
    {
        var filled = percent * BarWidth / 100;
        return $"[{new string('=', filled)}{(filled < BarWidth ? ">" : "")}{new string(' ', Math.Max(0, BarWidth - filled - 1))}]";
    }

    /// <summary>As long as the rest takes at the same speed, counted down until the next amount is told; nothing is said of the first moments.</summary>
    private string Left(int percent, DateTimeOffset now)
    {
        var took = Told - Began;
        return percent is > 0 and < 100 && took >= TimeSpan.FromSeconds(2) ? $"  {Short((took * (100 - percent) / percent) - (now - Told))} left" : "";
    }

    private static string Short(TimeSpan time) => time.TotalMinutes < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, (int)time.TotalSeconds)} s")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} min {time.Seconds} s");
}
