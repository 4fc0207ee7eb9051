using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace VmExecutor.Core.Benchmarks;

/// <summary>
/// A picture of a bench: a bar for each kind of start, made of the parts of a whole job that does nothing, by their medians. It is SVG 1.1 without scripts, and is readable
/// on light and on dark pages.
/// </summary>
public static class BenchChart
{
    private const int Width = 760;
    private const int Left = 90;
    private const int Bars = 560;
    private const int Top = 44;
    private const int RowHeight = 36;
    private const int BarHeight = 22;
    private const int LegendColumn = 165;
    private const int LegendRow = 20;
    private const int Margin = 12;

    /// <summary>In characters of about seven units each.</summary>
    private const int LongestTitle = 100;

    private const string Style =
        """
        text { font: 13px sans-serif; fill: #24292f; }
        .small { font-size: 12px; fill: #57606a; }
        @media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .small { fill: #9198a1; } }
        """;

    /// <summary>Tableau's colours, which are told apart on white and on black; more parts than a job has would begin with the first again.</summary>
    private static readonly string[] Colours =
    [
        "#4e79a7", "#f28e2b", "#86bcb6", "#d37295", "#59a14f", "#edc948", "#b07aa1", "#ff9da7", "#9c755f", "#a0cbe8", "#8cd17d", "#bab0ac", "#e15759", "#499894", "#ffbe7d", "#d4a6c8",
    ];

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    /// <param name="title">Says what was measured, where and when.</param>
    /// <param name="starts">The kinds of start; at least one.</param>
    /// <param name="floor">The least that a job takes; null: it was not measured.</param>
    public static string Write(string title, IReadOnlyList<Summary> starts, Floor? floor)
    {
        var rows = starts.Select(start => (Name: start.Start, Parts: PartsOf(start))).ToList();
        if (floor is not null)
        {
            rows.Add(("floor", [("ssh", floor.SshTrue.Median), ("sub-stages", Floor.SubStages * floor.SshShell.Median), ("cleanup", floor.Destroy.Median)]));
        }

        var names = Summary.Order(rows.Select(row => row.Parts.Select(part => part.Name)));
        var longest = rows.Max(row => row.Parts.Sum(part => part.Seconds));
        var bottom = Top + (rows.Count * RowHeight);
        var height = bottom + ((names.Count + 3) / 4 * LegendRow) + Margin;
        var picture = new XElement(
            Svg + "svg",
            new XAttribute("viewBox", $"0 0 {Text(Width)} {Text(height)}"),
            new XAttribute("width", Width),
            new XAttribute("height", height),
            new XAttribute("role", "img"),
            new XElement(Svg + "title", title),
            new XElement(Svg + "style", Style),
            Title(title),
            rows.Select((row, number) => Bar(row.Name, row.Parts, Top + (number * RowHeight), longest, names)),
            names.Select((name, number) => Legend(name, number, bottom)));
        return new StringBuilder().Append(picture).Append('\n').ToString();
    }

    /// <summary>The parts of a whole job, in their order; what prepare took beside its phases is a part of its own.</summary>
    private static IReadOnlyList<(string Name, double Seconds)> PartsOf(Summary start)
    {
        var phases = start.Phases.Select(phase => (phase.Name, Seconds: phase.Seconds.Median)).ToList();
        var rest = start.PrepareSeconds.Median - phases.Sum(phase => phase.Seconds);
        var (unmount, promote) = (start.UnmountSeconds?.Median ?? 0, start.PromoteSeconds?.Median ?? 0);
        (string, double)[] all =
        [
            ("config", start.ConfigSeconds?.Median ?? 0), .. phases, ("rest of prepare", rest),
            ("sub-stages", Floor.SubStages * (start.ScriptSeconds?.Median ?? 0)), ("unmount", unmount), ("promote", promote),
            ("cleanup", (start.CleanupSeconds?.Median ?? 0) - unmount - promote),
        ];
        return [.. all.Where(part => part.Item2 > 0)];
    }

    private static IEnumerable<XElement> Bar(string name, IReadOnlyList<(string Name, double Seconds)> parts, int top, double longest, IReadOnlyList<string> names)
    {
        yield return Label(name, Margin, top + 16, "");
        var at = (double)Left;
        foreach (var (part, seconds) in parts)
        {
            var width = longest > 0 ? seconds / longest * Bars : 0;
            yield return new XElement(
                Svg + "rect",
                new XAttribute("x", Text(at)), new XAttribute("y", top), new XAttribute("width", Text(width)), new XAttribute("height", BarHeight), new XAttribute("fill", Colour(part, names)),
                new XElement(Svg + "title", $"{name}: {part} {Seconds(seconds)}"));
            at += width;
        }

        yield return Label(Seconds(parts.Sum(part => part.Seconds)), at + 8, top + 16, "small");
    }

    private static IEnumerable<XElement> Legend(string name, int number, int bottom)
    {
        var (x, y) = (Margin + (number % 4 * (LegendColumn + 20)), bottom + (number / 4 * LegendRow));
        yield return new XElement(
            Svg + "rect", new XAttribute("x", x), new XAttribute("y", y), new XAttribute("width", 12), new XAttribute("height", 12), new XAttribute("fill", Colours[number % Colours.Length]));
        yield return Label(name == "sub-stages" ? $"{Text(Floor.SubStages)} empty sub-stages" : name, x + 18, y + 11, "small");
    }

    /// <summary>The longest name of an image would go beyond the picture: a long title is drawn narrower.</summary>
    private static XElement Title(string text)
    {
        var label = Label(text, Margin, 20, "");
        if (text.Length > LongestTitle)
        {
            label.Add(new XAttribute("textLength", Width - (2 * Margin)), new XAttribute("lengthAdjust", "spacingAndGlyphs"));
        }

        return label;
    }

    private static XElement Label(string text, double x, double y, string kind) => new(
        Svg + "text", new XAttribute("x", Text(x)), new XAttribute("y", Text(y)), kind.Length > 0 ? new XAttribute("class", kind) : null, text);

    private static string Colour(string part, IReadOnlyList<string> names) => Colours[names.ToList().IndexOf(part) % Colours.Length];

    private static string Seconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.00} s");

    private static string Text(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);
}
