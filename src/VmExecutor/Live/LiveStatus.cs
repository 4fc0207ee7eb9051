using System.Globalization;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Core.Values;

namespace VmExecutor.Live;

/// <summary>The work that goes on: its last line, and how much of it is done where the line says that.</summary>
/// <param name="Words">The last line, or the action whose amount is known.</param>
/// <param name="Began">When it began.</param>
/// <param name="Amount">How much of it is done; null: that is not known.</param>
internal sealed record LiveStatus(string Words, DateTimeOffset Began, TransferAmount? Amount)
{
    private const int BarWidth = 24;
    private const string Turning = "|/-\\";

    /// <summary>The status after a line of the work: another amount of the same action keeps its beginning.</summary>
    public static LiveStatus After(LiveStatus? before, string line, DateTimeOffset now)
    {
        var amount = TransferText.TryReadProgress(line);
        var words = amount?.What ?? line;
        return new LiveStatus(words, before?.Words == words && amount is not null ? before.Began : now, amount);
    }

    /// <summary>
    /// One line for a terminal: <c>/ copying disk vda  [=====&gt;      ] 42 %  12 s left  (9 s)</c>. The end is how long the action has taken so far. Words that have no room are cut.
    /// </summary>
    /// <param name="now">The time now.</param>
    /// <param name="turn">Counts the lines, for the sign that turns.</param>
    /// <param name="width">The terminal's.</param>
    public string ToLine(DateTimeOffset now, int turn, int width)
    {
        var end = $"{Bar()}{Left(now)}  ({Short(now - Began)})";
        var room = Math.Max(10, width - end.Length - 3);
        return $"{Turning[turn % Turning.Length]} {PlainText.OneLine(Words, room - 1)}{end}";
    }

    private string Bar()
    {
        if (Amount is not { } amount)
        {
            return "";
        }

        var detail = amount.Detail is { } text ? $"  {text}" : "";
        if (amount.Percent is not { } percent)
        {
            return detail;
        }

        var filled = percent * BarWidth / 100;
        return string.Create(CultureInfo.InvariantCulture, $"  [{new string('=', filled)}{(filled < BarWidth ? ">" : "")}{new string(' ', Math.Max(0, BarWidth - filled - 1))}] {percent} %{detail}");
    }

    /// <summary>As long as the rest takes at the same speed; nothing is said of the first moments.</summary>
    private string Left(DateTimeOffset now)
    {
        var elapsed = now - Began;
        return Amount is { Percent: > 0 and < 100 and { } percent } && elapsed >= TimeSpan.FromSeconds(2) ? $"  {Short(elapsed * (100 - percent) / percent)} left" : "";
    }

    private static string Short(TimeSpan time) => time.TotalMinutes < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, (int)time.TotalSeconds)} s")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} min {time.Seconds} s");
}
