namespace VmExecutor.Core.Reporting;

/// <summary>The time that a report is about, in spans of equal length: days, unless that would be too many or too few for a picture.</summary>
/// <param name="Since">The beginning.</param>
/// <param name="Until">The end; its offset is that of all times in the report.</param>
public sealed record ReportTime(DateTimeOffset Since, DateTimeOffset Until)
{
    private const int MostSpans = 45;

    private static readonly TimeSpan[] Lengths =
    [
        TimeSpan.FromHours(1), TimeSpan.FromDays(1), TimeSpan.FromDays(7), TimeSpan.FromDays(30), TimeSpan.FromDays(365), TimeSpan.FromDays(3650),
    ];

    /// <summary>The length of a span.</summary>
    public TimeSpan Span { get; } = Until - Since <= TimeSpan.FromDays(1.5) ? Lengths[0] : Lengths.Skip(1).First(length => (Until - Since) / length <= MostSpans || length == Lengths[^1]);

    /// <summary>The word for a span.</summary>
    public string Word => Span.TotalDays switch
    {
        < 1 => "hour",
        1 => "day",
        7 => "week",
        _ => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Span.TotalDays:0} days"),
    };

    /// <summary>The beginnings of all spans. The last one has the end in it; days begin at midnight, hours at the full hour.</summary>
    public IReadOnlyList<DateTimeOffset> Spans => field ??= [.. Begin()];

    /// <summary>The number of the span that a moment is in; negative: it was before the first.</summary>
    public int IndexOf(DateTimeOffset moment) => Spans.Count - 1 - (int)Math.Max(0, Math.Ceiling((Last - moment) / Span));

    private DateTimeOffset Last
    {
        get
        {
            var midnight = new DateTimeOffset(Until.Date, Until.Offset);
            return Span < TimeSpan.FromDays(1) ? midnight.AddHours(Until.Hour) : midnight - (Span - TimeSpan.FromDays(1));
        }
    }

    private IEnumerable<DateTimeOffset> Begin()
    {
        var count = 1 + (int)Math.Max(0, Math.Ceiling((Last - Since) / Span));
        return Enumerable.Range(0, count).Select(number => Last - (Span * (count - 1 - number)));
    }
}
