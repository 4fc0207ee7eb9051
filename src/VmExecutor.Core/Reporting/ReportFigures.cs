using System.Globalization;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Reporting;

/// <summary>Numbers of a report as text for people.</summary>
internal static class ReportFigures
{
    public static string Count(int number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>In words: <c>1 job</c>, <c>1,204 jobs</c>.</summary>
    public static string Count(int number, string noun) => $"{Count(number)} {Quantity.Noun(number, noun)}";

    /// <summary><c>0 %</c> and <c>100 %</c> are exact; what is not quite there is said with a decimal.</summary>
    public static string Percent(double share) => share switch
    {
        > 0 and < 0.0005 => "< 0.1 %",
        > 0.9995 and < 1 => "> 99.9 %",
        0 or 1 or (>= 0.1 and <= 0.9) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0} %"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %"),
    };

    public static string Seconds(double seconds) => seconds switch
    {
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.00} s"),
        < 100 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 60} min {(int)seconds % 60} s"),
        < 360_000 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0.0} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:N0} h"),
    };

    /// <summary>Short enough to stand beside a chart: <c>1,200</c>, <c>12k</c>.</summary>
    public static string Tick(double number) => number >= 10_000 ? $"{Number(number / 1000)}k" : number.ToString("#,0.##", CultureInfo.InvariantCulture);

    public static string Bytes(long bytes) => Capacity.RoughSize.Of(bytes);

    public static string Moment(DateTimeOffset moment, ReportTime time) => moment.ToOffset(time.Until.Offset).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    /// <summary>The beginning of a span, short enough for the foot of a chart.</summary>
    public static string SpanLabel(DateTimeOffset begin, ReportTime time) => begin.ToString(time.Span < TimeSpan.FromDays(1) ? "HH:mm" : time.Span < TimeSpan.FromDays(365) ? "MMM d" : "yyyy", CultureInfo.InvariantCulture);

    /// <summary>A coordinate or length.</summary>
    public static string Number(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);
}
