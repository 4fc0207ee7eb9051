using System.Globalization;
using System.Xml.Linq;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Reporting;

/// <summary>The parts of a report that are lists: projects, failures, images.</summary>
internal static class ReportTables
{
    /// <summary>A reason is a code or a word. A longer one is a damaged line's, is broken into lines, and cut.</summary>
    private const int LongestWhole = 20;
    private const int LongestReason = 60;

    private static readonly Dictionary<string, string> Words = new(StringComparer.Ordinal)
    {
        ["script"] = "a script of the job ended with an exit code other than 0",
        ["job"] = "the job asked for what is not allowed",
        ["canceled"] = "canceled",
        ["timeout"] = "ran into its time limit",
        ["abandoned"] = "the runner ended without cleaning up",
        ["unknown"] = "the runner did not say why",
        ["bug"] = "a bug of the driver",
    };

    public static IEnumerable<XElement> Projects(ReportData data)
    {
        var most = data.Projects.Max(project => project.Jobs);
        yield return new XElement("div", new XAttribute("class", "rows"), data.Projects.Select(project => Project(project, most)));
        yield return ReportPage.Legend([("ok", "jobs"), ("job", "of them failed")]);
        if (data.OtherProjects > 0)
        {
            yield return new XElement("p", new XAttribute("class", "soft"), $"and {ReportFigures.Count(data.OtherProjects, "project")} more");
        }
    }

    private static XElement Project(ProjectFigures project, int most)
    {
        var peak = project.PeakMemoryBytes is { } bytes ? $", at most {ReportFigures.Bytes(bytes)}" : "";
        return ReportPage.Row(
            ReportPage.Name(project.Name),
            $"{ReportFigures.Count(project.Jobs, "job")}, {ReportFigures.Percent(project.Failed / (double)project.Jobs)} failed, {ReportFigures.Seconds(project.VmSeconds)} of VMs, {ReportFigures.Seconds(project.CpuSeconds)} CPU{peak}",
            ReportChart.Strip(most, ("ok", project.Jobs - project.Failed), ("job", project.Failed)));
    }

    public static XElement Failures(ReportData data, GuideSections guide, int most)
    {
        if (data.Failures.Count == 0)
        {
            return ReportPage.Section("failures", "Failures", whole: true, new XElement("p", "No job failed in this time."));
        }

        var rows = data.Failures.Take(most).Select(failure => new XElement(
            "tr",
            new XElement("td", new XAttribute("class", failure.Reason.Length <= LongestWhole ? "code" : "long"), Code(failure.Reason, guide)),
            new XElement("td", guide.Title(failure.Reason) ?? Words.GetValueOrDefault(failure.Reason) ?? Words.GetValueOrDefault(failure.Class) ?? failure.Class),
            Number(failure.Count),
            new XElement("td", new XAttribute("class", "wide code"), ReportFigures.Moment(failure.Last, data.Time)),
            new XElement("td", new XAttribute("class", "wide"), failure.Project is { } project ? ReportPage.Name(project) : "–")));
        return ReportPage.Section(
            "failures", "Failures", whole: true,
            new XElement("table", new XElement("thead", new XElement("tr", Head("reason"), Head("meaning"), Head("jobs", "number"), Head("last", "wide"), Head("mostly in project", "wide"))), new XElement("tbody", rows)),
            data.Failures.Count > most ? new XElement("p", new XAttribute("class", "soft"), $"and {ReportFigures.Count(data.Failures.Count - most, "reason")} more") : null);
    }

    public static XElement Images(ReportData data, ReportHost host)
    {
        if (host.Images is not { Count: > 0 } images)
        {
            return ReportPage.Section("images", "Images", whole: true, new XElement("p", host.Images is null ? "The images could not be listed: 'vm-executor check' says why." : "There are no images yet: 'vm-executor image publish NAME' makes the first generation of one."));
        }

        var rows = images.Select(image => new XElement(
            "tr",
            new XElement("td", ReportPage.Name(image.Name), image.State == "ready" ? null : new XElement("div", new XAttribute("class", "soft"), ReportPage.Name(image.State))),
            Number(data.JobsOfImages.GetValueOrDefault(image.Name)),
            Cell(image.Current is { } current ? string.Create(CultureInfo.InvariantCulture, $"{current} ({image.Generations} kept)") : "–", "number"),
            Cell(image.Published is { } published ? ReportFigures.Moment(published, data.Time) : "–", "wide number"),
            Cell(ReportFigures.Bytes(image.DiskBytes), "wide number"),
            Cell(image.Templates?.ToString(CultureInfo.InvariantCulture) ?? "off", "number"),
            Cell(image.TemplateBytes > 0 ? ReportFigures.Bytes(image.TemplateBytes) : "–", "wide number")));
        return ReportPage.Section(
            "images", "Images", whole: true,
            new XElement(
                "table",
                new XElement("thead", new XElement("tr", Head("image"), Head("jobs", "number"), Head("generation", "number"), Head("published", "wide number"), Head("size", "wide number"), Head("templates", "number"), Head("their size", "wide number"))),
                new XElement("tbody", rows)));
    }

    private static object Code(string reason, GuideSections guide) =>
        guide.Has(reason) ? new XElement("a", new XAttribute("href", $"#{GuideSections.Anchor(reason)}"), reason) : PlainText.OneLine(reason, LongestReason);

    private static XElement Number(int number) => Cell(ReportFigures.Count(number), "number");

    private static XElement Cell(string text, string kind) => new("td", new XAttribute("class", kind), text);

    private static XElement Head(string text, string? kind = null) => new("th", kind is null ? null : new XAttribute("class", kind), text);
}
