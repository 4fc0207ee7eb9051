using System.Xml.Linq;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Reporting;

/// <summary>
/// The report as one HTML page. It has no script, loads nothing, and its policy forbids both; so it can be sent to others as it is. Projects, images and reasons are others'
/// text: they are escaped, and what cannot be seen in them is shown.
/// </summary>
public static class ReportPage
{
    private const int LongestName = 200;
    private const int MostFailures = 40;

    /// <summary>In seconds: shorter ones are nothing to draw.</summary>
    private const double ShortestWait = 0.01;

    private static readonly (JobEnd End, string Class, string Name)[] Ends =
    [
        (JobEnd.Succeeded, "ok", "succeeded"), (JobEnd.JobFailed, "job", "failed by itself"), (JobEnd.HostFailed, "host", "failed by the host"),
        (JobEnd.Canceled, "stop", "canceled or timed out"), (JobEnd.Unclear, "unclear", "unclear"),
    ];

    public static string Write(ReportData data, ReportHost host, GuideSections guide)
    {
        var title = $"Jobs on {Name(host.Name)}";
        var shown = data.Failures.Take(MostFailures).Select(failure => failure.Reason).Where(guide.Has).ToHashSet(StringComparer.Ordinal);
        return HtmlText.Document(new XElement(
            "html",
            new XAttribute("lang", "en"),
            new XElement(
                "head",
                new XElement("meta", new XAttribute("charset", "utf-8")),
                new XElement("meta", new XAttribute("http-equiv", "Content-Security-Policy"), new XAttribute("content", ReportStyle.Policy)),
                new XElement("meta", new XAttribute("name", "viewport"), new XAttribute("content", "width=device-width, initial-scale=1")),
                new XElement("meta", new XAttribute("name", "color-scheme"), new XAttribute("content", "light dark")),
                new XElement("meta", new XAttribute("name", "referrer"), new XAttribute("content", "no-referrer")),
                new XElement("title", title),
                new XElement("style", ReportStyle.Text)),
            new XElement(
                "body",
                new XElement(
                    "main",
                    new XElement("header", new XElement("h1", title), new XElement("p", $"{Moment(data.Time.Since, data)} to {Moment(data.Time.Until, data)} (UTC{data.Time.Until:zzz})"), host.Remarks.Select(remark => new XElement("p", PlainText.OneLine(remark, 2000)))),
                    Tiles(data),
                    data.Jobs == 0 ? Section("empty", "No jobs", whole: true, new XElement("p", "No job ended in this time. The ledger gets a line for each job when its VM is removed; 'vm-executor list' shows the jobs that run.")) : Charts(data, host),
                    ReportTables.Failures(data, guide, MostFailures),
                    ReportTables.Images(data, host),
                    shown.Count == 0 ? null : Section("guide", "What the guide says", whole: true, data.Failures.Where(failure => shown.Contains(failure.Reason)).Select(failure => failure.Reason).Distinct().Order(StringComparer.Ordinal).Select(code => Article(code, guide, shown))),
                    new XElement("footer", new XElement("p", $"Made by vm-executor {host.Driver} from the ledger of its host. Each attempt of a job to get a VM counts as a job."))))));
    }

    internal static XElement Section(string id, string title, bool whole, params object?[] content) =>
        new("section", new XAttribute("id", id), whole ? new XAttribute("class", "whole") : null, new XElement("h2", title), content);

    internal static string Name(string name) => name.Length == 0 ? "(not known)" : PlainText.OneLine(name, LongestName);

    private static string Moment(DateTimeOffset moment, ReportData data) => ReportFigures.Moment(moment, data.Time);

    private static XElement Tiles(ReportData data)
    {
        var prepare = data.Starts.Count == 0 ? null : data.Starts.MaxBy(start => start.Seconds.Count).Seconds;
        return new XElement(
            "div",
            new XAttribute("class", "tiles"),
            Tile(ReportFigures.Count(data.Jobs), data.Jobs == 1 ? "job" : "jobs"),
            Tile(data.Jobs == 0 ? "–" : ReportFigures.Percent(data.Share(JobEnd.Succeeded)), "succeeded"),
            Tile(data.Jobs == 0 ? "–" : ReportFigures.Percent(data.Share(JobEnd.HostFailed)), "failed by the host"),
            Tile(prepare is null ? "–" : ReportFigures.Seconds(prepare.Median), prepare is null ? "median start" : $"median {data.Starts.MaxBy(start => start.Seconds.Count).Kind} start"),
            Tile(ReportFigures.Count(data.Waits?.Count ?? 0), "waited for room"),
            Tile(data.Memory.Vms == 0 ? "–" : ReportFigures.Bytes(data.Memory.MostReserved), "memory reserved at once, at most"));

        XElement Tile(string figure, string what) => new("div", new XAttribute("class", "tile"), new XElement("strong", figure), new XElement("span", what));
    }

    private static IEnumerable<XElement> Charts(ReportData data, ReportHost host)
    {
        var time = data.Time;
        yield return Section(
            "jobs", $"Jobs per {time.Word}", whole: true,
            ReportChart.Bars(
                $"Jobs per {time.Word} by their end: {string.Join(", ", Ends.Select(end => $"{ReportFigures.Count(data.Ends.GetValueOrDefault(end.End))} {end.Name}"))}",
                time,
                [.. Ends.Select(end => (end.Class, end.Name, (IReadOnlyList<double>)[.. data.Spans.Select(span => (double)span.GetValueOrDefault(end.End))]))],
                ReportFigures.Tick,
                leastStep: 1),
            Legend(Ends.Where(end => data.Ends.ContainsKey(end.End)).Select(end => (end.Class, $"{end.Name} ({ReportFigures.Count(data.Ends[end.End])})"))));
        yield return Section("starts", "Starts", whole: false, Starts(data));
        yield return Section("waits", "Waits for room", whole: false, Waits(data));
        yield return Section("memory", "Memory", whole: true, Memory(data, host));
        yield return Section("projects", "Projects", whole: true, ReportTables.Projects(data));
    }

    private static IEnumerable<XElement> Starts(ReportData data)
    {
        if (data.Starts.Count == 0)
        {
            yield return new XElement("p", "No VM was ready for a job in this time.");
            yield break;
        }

        var (all, longest) = (data.Starts.Sum(start => start.Seconds.Count), data.Starts.Max(start => start.Seconds.P95));
        foreach (var (kind, seconds) in data.Starts)
        {
            yield return Row(
                $"{kind} ({ReportFigures.Count(seconds.Count)}, {ReportFigures.Percent(seconds.Count / (double)all)})",
                $"half within {ReportFigures.Seconds(seconds.Median)}, 95 of 100 within {ReportFigures.Seconds(seconds.P95)}, longest {ReportFigures.Seconds(seconds.Max)}",
                ReportChart.Strip(longest, ("ok", seconds.Median), ("more", seconds.P95 - seconds.Median)));
        }

        yield return Legend([("ok", "half of the starts within"), ("more", "95 of 100 within")]);
    }

    private static IEnumerable<XElement> Waits(ReportData data)
    {
        if (data.Waits is not { } waits)
        {
            yield return new XElement("p", "No job waited for room: the host had enough memory, disk and VMs for all of them.");
            yield break;
        }

        yield return new XElement("p", $"{ReportFigures.Count(waits.Count, "job")} of {ReportFigures.Count(data.Jobs)} waited: half of them at most {ReportFigures.Seconds(waits.Median)}, 95 of 100 at most {ReportFigures.Seconds(waits.P95)}.");
        if (waits.Max < ShortestWait)
        {
            yield break;
        }

        var (unit, length) = waits.Max switch
        {
            < 120 => ("seconds", 1),
            < 7200 => ("minutes", 60),
            _ => ("hours", 3600),
        };
        var what = $"longest wait of each {data.Time.Word}, in {unit}";
        yield return ReportChart.Bars(what, data.Time, [("job", what, [.. data.LongestWaits.Select(seconds => seconds / length)])], ReportFigures.Tick);
        yield return Legend([("job", what)]);
    }

    private static IEnumerable<XElement> Memory(ReportData data, ReportHost host)
    {
        var memory = data.Memory;
        if (memory.Vms == 0)
        {
            yield return new XElement("p", "The ledger does not say how much memory these VMs had. Drivers write it since the version that made this report.");
            yield break;
        }

        yield return new XElement("p", $"At most {ReportFigures.Bytes(memory.MostReserved)} were reserved at once, and at most {ReportFigures.Bytes(memory.MostUsed)} used. The host has {ReportFigures.Bytes(host.MemoryBytes)}.");
        yield return ReportChart.Memory("Memory reserved for VMs and used by them", data.Time, memory, host.MemoryBytes);
        yield return Legend([("reserved", "GiB reserved"), ("used", "GiB used at most by the VMs that were there"), ("limit", "the host's memory")]);
    }

    private static XElement Article(string code, GuideSections guide, HashSet<string> shown) => new(
        "article", new XAttribute("id", GuideSections.Anchor(code)), new XElement("h3", code), guide.Body(code, shown));

    internal static XElement Row(string name, string figures, XElement strip) => new(
        "div", new XAttribute("class", "row"), new XElement("div", new XAttribute("class", "words"), new XElement("span", name), new XElement("span", figures)), strip);

    internal static XElement Legend(IEnumerable<(string Class, string Name)> entries) => new(
        "ul",
        new XAttribute("class", "legend"),
        entries.Select(entry => new XElement(
            "li",
            new XElement(
                "svg", new XAttribute("width", 12), new XAttribute("height", 12), new XAttribute("aria-hidden", "true"),
                entry.Class == "limit"
                    ? new XElement("line", new XAttribute("class", "limit"), new XAttribute("x1", 0), new XAttribute("x2", 12), new XAttribute("y1", 6), new XAttribute("y2", 6))
                    : new XElement("rect", new XAttribute("class", entry.Class), new XAttribute("width", 12), new XAttribute("height", 12), new XAttribute("rx", 2))),
            entry.Name)));
}
