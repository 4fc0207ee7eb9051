using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Host.Images;

namespace VmExecutor.Reports;

/// <summary><c>image list</c> and <c>image show</c> for people.</summary>
internal static class ImageReport
{
    public static void PrintList(IReadOnlyList<ListedImage> images, DateTimeOffset now, TextWriter output)
    {
        if (images.Count == 0)
        {
            output.WriteLine("no images");
            return;
        }

        var table = new ReportTable(
        [
            ReportColumn.OfNames("image"), ReportColumn.OfWords("patterns"), ReportColumn.OfKey("source"),
            .. ReportColumn.OfNumbers("generation", "age", "size", "clones", "boot"), ReportColumn.OfWords("warm"), ReportColumn.OfWords("state"),
        ]);
        foreach (var image in images)
        {
            var current = image.CurrentGeneration;
            table.Add(
                image.Name.Value,
                image.Definition is { Patterns: { Count: > 0 } patterns } ? string.Join(' ', patterns) : null,
                image.Definition is { } definition ? Publishing.PublishSource.Describe(definition.Source).Kind : null,
                image.Current?.ToString(CultureInfo.InvariantCulture),
                current is null ? null : Age(now - current.Generation.Record.Published),
                current is null ? null : Size(current.DiskBytes),
                (image.Generations.Sum(generation => generation.Clones) + image.ClonesOfSource).ToString(CultureInfo.InvariantCulture),
                current?.Generation.Record.Probe is { } probe ? string.Create(CultureInfo.InvariantCulture, $"{probe.BootSeconds:0.0} s") : null,
                WarmText.Column(image, now),
                State(image));
        }

        table.Print(output);
    }

    public static void PrintOne(ListedImage image, DateTimeOffset now, TextWriter output)
    {
        output.WriteLine($"image {image.Name}: {State(image)}");
        if (image.Definition is { } definition)
        {
            var (kind, name) = Publishing.PublishSource.Describe(definition.Source);
            output.WriteLine($"  defined in   {definition.File}");
            output.WriteLine($"  source       {kind} {name}");
            output.WriteLine($"  patterns     {(definition.Patterns.Count == 0 ? "-" : string.Join(' ', definition.Patterns))}");
        }

        output.WriteLine($"  warm         {WarmText.Column(image, now) ?? "-"}");
        output.WriteLine(image.Starts switch
        {
            null => "  starts       not known: the ledger cannot be read",
            { Since: null } => "  starts       none in the ledger",
            { Since: { } since } counts => $"  starts       {counts} (since {since.ToLocalTime():yyyy-MM-dd HH:mm})",
        });
        if (image.ClonesOfSource > 0)
        {
            output.WriteLine($"  {image.ClonesOfSource} job(s) stand on the source itself: do not change it while they run");
        }

        foreach (var listed in image.Generations)
        {
            PrintGeneration(listed, listed.Generation.Number == image.Current, now, output);
            foreach (var line in WarmText.Lines(listed, image, now))
            {
                output.WriteLine(line);
            }
        }
    }

    private static void PrintGeneration(ListedGeneration listed, bool isCurrent, DateTimeOffset now, TextWriter output)
    {
        var record = listed.Generation.Record;
        output.WriteLine();
        output.WriteLine(
            $"generation {record.Number}{(isCurrent ? " (current)" : "")}: published {record.Published.ToLocalTime():yyyy-MM-dd HH:mm} "
            + $"({Age(now - record.Published)} ago) of {record.SourceKind} {record.Source} by {record.Driver}");
        output.WriteLine($"  directory    {listed.Generation.Directory}");
        if (record.SourceDigest is { } digest)
        {
            output.WriteLine($"  digest       {digest}");
        }

        output.WriteLine($"  clones now   {listed.Clones}");
        output.WriteLine(record.Probe is { } probe
            ? string.Create(CultureInfo.InvariantCulture, $"  probe        passed, booted in {probe.BootSeconds:0.0} s")
            : "  probe        not passed");
        foreach (var key in record.Probe?.HostKeys ?? [])
        {
            output.WriteLine($"  host key     {key}");
        }

        foreach (var file in record.Files)
        {
            var format = file.Format is null ? "" : $" {file.Format}";
            var checksum = file.Sha256 is null ? "" : $" sha256:{file.Sha256}";
            output.WriteLine($"  {file.Role,-12} {listed.Generation.PathOf(file)} {Size(file.DiskBytes)}{format}{checksum}");
        }

        foreach (var tool in record.Tools)
        {
            output.WriteLine($"  tool         {tool.Target}");
        }

        foreach (var damage in listed.Damage)
        {
            output.WriteLine($"  DAMAGED      {damage}");
        }
    }

    internal static string State(ListedImage image) => image switch
    {
        { Definition: null } => "no longer configured",
        { Current: null, Definition.Source: ImageSource.Domain or ImageSource.DiskFile } => "not published: jobs stand on the source itself",
        { Current: null } => "NOT PUBLISHED: jobs fail",
        { CurrentGeneration: null } => "DAMAGED: the current generation is gone",
        { CurrentGeneration.Damage.Count: > 0 } => "DAMAGED: jobs get an earlier generation",
        _ => "ready",
    };

    internal static string Size(long bytes) => bytes >= 1L << 30
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0} GiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0.0} MiB");

    internal static string Age(TimeSpan age) => age switch
    {
        { TotalDays: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalDays}d{age.Hours}h"),
        { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{age.Hours}h{age.Minutes:00}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, (int)age.TotalMinutes)}m{Math.Max(0, age.Seconds):00}s"),
    };
}
