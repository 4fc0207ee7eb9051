using System.Globalization;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Values;
using VmExecutor.Host.ProjectDisks;

namespace VmExecutor.Reports;

/// <summary><c>disk list</c> and <c>disk show</c> for people and for scripts.</summary>
internal static class DiskText
{
    private const int LongestName = 200;

    /// <param name="disks">The disks.</param>
    /// <param name="width">The most columns of a line.</param>
    public static string Table(IReadOnlyList<ListedDisk> disks, int width)
    {
        if (disks.Count == 0)
        {
            return "no project has a disk ('project_disk: {size: …}' of an image)";
        }

        var table = new ReportTable(
        [
            ReportColumn.OfNames("project"), ReportColumn.OfNames("for"), ReportColumn.OfNames("image"), .. ReportColumn.OfKeys("version", "used", "key"),
            .. ReportColumn.OfNumbers("size", "on this host", "jobs"),
        ]);
        foreach (var disk in disks)
        {
            table.Add(
                Name(disk.State?.Project), Name(disk.State?.Owner?.PartText), Name(disk.State?.Image), disk.State?.Version.Text ?? "damaged", disk.State is { } state ? Time(state.Used) : "-", disk.Key.Value,
                disk.State is { } sized ? RoughSize.Of(sized.SizeBytes) : "-", RoughSize.Of(disk.Bytes), disk.Jobs.ToString(CultureInfo.InvariantCulture));
        }

        return string.Join('\n', table.Lines(width));
    }

    /// <summary>A paragraph for each.</summary>
    public static string Details(IReadOnlyList<ListedDisk> disks) => string.Join("\n\n", disks.Select(disk =>
    {
        List<(string Name, string Value)> lines =
        [
            ("key", disk.Key.Value), ("project", $"{Name(disk.State?.Project)} of {Name(disk.State?.Server)}"), ("jobs that share it", disk.State?.Owner?.PartText is { Length: > 0 } part ? Name(part) : "all of the project"),
            ("image", Name(disk.State?.Image)), ("version", disk.State?.Version.Text ?? "its record is damaged"), ("made by job", Name(disk.State?.Version.Job)),
            ("files", string.Join(", ", disk.State?.Version.Files ?? [])), ("size", disk.State is { } state ? RoughSize.Of(state.SizeBytes) : "-"), ("on this host", RoughSize.Of(disk.Bytes)),
            ("used last", disk.State is { } used ? Time(used.Used) : "-"), ("jobs that have it now", disk.Jobs.ToString(CultureInfo.InvariantCulture)),
        ];
        if (disk.HasDamaged)
        {
            lines.Add(("put aside", "a disk that a guest did not mount"));
        }

        return string.Join('\n', lines.Select(line => $"{line.Name + ":",-23}{line.Value}"));
    }));

    public static string Json(IReadOnlyList<ListedDisk> disks) => JsonText.Write(json =>
    {
        json.WriteStartArray("disks");
        foreach (var disk in disks)
        {
            json.WriteStartObject();
            json.WriteString("key", disk.Key.Value);
            json.WriteString("server", disk.State?.Server);
            json.WriteString("project", disk.State?.Project);
            json.WriteNumber("project_id", disk.State?.ProjectId);
            json.WriteString("image", disk.State?.Image);
            json.WriteString("for", disk.State?.Owner?.PartText);
            json.WriteNumber("version", disk.State?.Version.Number);
            json.WriteString("made", disk.State?.Version.Made.ToString("O", null));
            json.WriteString("made_by", disk.State?.Version.Job);
            json.WriteTexts("files", disk.State?.Version.Files ?? []);
            json.WriteString("used", disk.State?.Used.ToString("O", null));
            json.WriteNumber("size_bytes", disk.State?.SizeBytes);
            json.WriteNumber("bytes", disk.Bytes);
            json.WriteNumber("jobs", disk.Jobs);
            json.WriteBoolean("damaged_put_aside", disk.HasDamaged);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static string Name(string? text) => text is { Length: > 0 } ? PlainText.OneLine(text, LongestName) : "-";

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
