using System.Text;
using System.Xml.Linq;

namespace VmExecutor.Core.Reporting;

/// <summary>
/// The pictures of a report. They are SVG inside HTML. Places along a chart are in percent of its width and heights in pixels, so a chart is as wide as the page lets it
/// and its words stay as large as the others. Colours are classes of <see cref="ReportStyle"/>.
/// </summary>
internal static class ReportChart
{
    private const int Top = 14;
    private const int Bottom = 174;
    private const int Height = 198;
    private const double Left = 11;
    private const int MostLabels = 6;

    /// <summary>A bar for each span, made of parts.</summary>
    /// <param name="describe">What the chart shows, for those who do not see it.</param>
    /// <param name="time">The time of the report.</param>
    /// <param name="parts">The parts from the lowest up: the class of the colour, the name, and the value of each span.</param>
    /// <param name="text">A value in words; short, since it is beside the grid, too.</param>
    /// <param name="leastStep">Between two lines of the grid: 1 where values are counted.</param>
    public static XElement Bars(string describe, ReportTime time, IReadOnlyList<(string Class, string Name, IReadOnlyList<double> Values)> parts, Func<double, string> text, double leastStep = 0)
    {
        var spans = time.Spans;
        var scale = Scale(Enumerable.Range(0, spans.Count).Max(number => parts.Sum(part => part.Values[number])), leastStep);
        var slot = (100 - Left) / spans.Count;
        var bars = new List<XElement>();
        for (var number = 0; number < spans.Count; number++)
        {
            var below = 0.0;
            foreach (var (kind, name, values) in parts.Where(part => part.Values[number] > 0))
            {
                var (from, to) = (Y(below, scale), Y(below + values[number], scale));
                bars.Add(new XElement(
                    "rect",
                    new XAttribute("class", kind),
                    Percent("x", Left + (slot * (number + 0.14))), new XAttribute("y", ReportFigures.Number(to)),
                    Percent("width", slot * 0.72), new XAttribute("height", ReportFigures.Number(Math.Max(from - to, 0.5))),
                    new XElement("title", $"{ReportFigures.SpanLabel(spans[number], time)}: {name} {text(values[number])}")));
                below += values[number];
            }
        }

        return Frame(describe, Grid(scale, text), bars, Feet(spans.Count, number => ReportFigures.SpanLabel(spans[number], time)));
    }

    /// <summary>Two areas over the time: the memory that was reserved, and before it the memory that was used.</summary>
    /// <param name="describe">What the chart shows, for those who do not see it.</param>
    /// <param name="time">The time of the report.</param>
    /// <param name="memory">What is drawn.</param>
    /// <param name="all">The host's memory, a line.</param>
    public static XElement Memory(string describe, ReportTime time, MemoryHistory memory, long all)
    {
        var gibibytes = (double)(1L << 30);
        var scale = Scale(Math.Max(all, Math.Max(memory.MostReserved, memory.MostUsed)) / gibibytes);
        var plot = new XElement(
            "svg",
            Percent("x", Left), new XAttribute("y", Top), Percent("width", 100 - Left), new XAttribute("height", Bottom - Top),
            new XAttribute("viewBox", $"0 0 {memory.Steps.Count} {Bottom - Top}"), new XAttribute("preserveAspectRatio", "none"),
            Area("reserved", step => step.Reserved), Area("used", step => step.Used));
        var line = ReportFigures.Number(Y(all / gibibytes, scale));
        var whole = new XElement("line", new XAttribute("class", "limit"), Percent("x1", Left), Percent("x2", 100), new XAttribute("y1", line), new XAttribute("y2", line), new XElement("title", $"the host has {ReportFigures.Bytes(all)}"));
        var spans = time.Spans;
        return Frame(describe, Grid(scale, ReportFigures.Number), new[] { plot, whole }, Feet(MostLabels, number => Label(time.Since + ((time.Until - time.Since) * ((number + 0.5) / MostLabels)))));

        XElement Area(string kind, Func<MemoryStep, long> value)
        {
            var path = new StringBuilder("M0 ").Append(Bottom - Top);
            var last = (long?)null;
            for (var number = 0; number < memory.Steps.Count; number++)
            {
                if (value(memory.Steps[number]) != last)
                {
                    last = value(memory.Steps[number]);
                    path.Append('H').Append(number).Append('V').Append(ReportFigures.Number(Y(last.Value / gibibytes, scale) - Top));
                }
            }

            path.Append('H').Append(memory.Steps.Count);
            return new XElement("path", new XAttribute("class", kind), new XAttribute("d", path.Append('V').Append(Bottom - Top).Append('Z')));
        }

        string Label(DateTimeOffset moment) => ReportFigures.SpanLabel(moment, time);
    }

    /// <summary>One thin bar over the whole width, made of parts.</summary>
    /// <param name="most">The value of the whole width.</param>
    /// <param name="parts">The class of the colour, and the value.</param>
    public static XElement Strip(double most, params IReadOnlyList<(string Class, double Value)> parts)
    {
        var at = 0.0;
        var bars = new List<XElement>();
        foreach (var (kind, value) in parts)
        {
            var width = most > 0 ? value / most * 100 : 0;
            bars.Add(new XElement("rect", new XAttribute("class", kind), Percent("x", at), new XAttribute("y", 0), Percent("width", width), new XAttribute("height", 8)));
            at += width;
        }

        return new XElement("svg", new XAttribute("class", "strip"), new XAttribute("width", "100%"), new XAttribute("height", 8), new XAttribute("aria-hidden", "true"), bars);
    }

    private static XElement Frame(string describe, params object[] content) => new(
        "svg", new XAttribute("class", "chart"), new XAttribute("width", "100%"), new XAttribute("height", Height), new XAttribute("role", "img"), new XAttribute("aria-label", describe), content);

    private static IEnumerable<XElement> Grid(double[] scale, Func<double, string> text)
    {
        foreach (var value in scale)
        {
            var y = ReportFigures.Number(Y(value, scale));
            yield return new XElement("line", new XAttribute("class", "grid"), Percent("x1", Left), Percent("x2", 100), new XAttribute("y1", y), new XAttribute("y2", y));
            yield return new XElement("text", new XAttribute("class", "tick"), Percent("x", Left - 1), new XAttribute("y", ReportFigures.Number(Y(value, scale) + 4)), new XAttribute("text-anchor", "end"), text(value));
        }
    }

    /// <summary>So few labels that they have room beside each other, none of them so near to an end that it would be cut.</summary>
    private static IEnumerable<XElement> Feet(int count, Func<int, string> label)
    {
        var step = (int)Math.Ceiling(count / (double)(MostLabels + 1));
        for (var number = step / 2; number < count; number += step)
        {
            if (count - 1 - number >= step / 2)
            {
                yield return new XElement(
                    "text", new XAttribute("class", "tick"), Percent("x", Left + ((100 - Left) * (number + 0.5) / count)), new XAttribute("y", Height - 6), new XAttribute("text-anchor", "middle"), label(number));
            }
        }
    }

    /// <summary>Round numbers from 0 to at least the most, four of them at most.</summary>
    private static double[] Scale(double most, double leastStep = 0)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(most, 1e-9))));
        var step = Math.Max(leastStep, ((double[])[0.1, 0.2, 0.5, 1, 2, 5, 10]).Select(factor => factor * power).First(length => length * 4 >= most));
        return [.. Enumerable.Range(0, Math.Max(2, (int)Math.Ceiling((most / step) - 1e-9) + 1)).Select(number => number * step)];
    }

    private static double Y(double value, double[] scale) => Bottom - (value / scale[^1] * (Bottom - Top));

    private static XAttribute Percent(string name, double value) => new(name, $"{ReportFigures.Number(value)}%");
}
