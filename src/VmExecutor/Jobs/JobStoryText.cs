using System.Globalization;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;

namespace VmExecutor.Jobs;

/// <summary><c>logs</c> for people.</summary>
internal static class JobStoryText
{
    public static IEnumerable<string> Write(JobStory story)
    {
        yield return Field("job", story.Key.Value);
        if (story.Vm is not null)
        {
            yield return Field("VM", $"{story.Key.Domain}, {story.Vm}");
        }

        foreach (var line in story.Record is { } record ? Of(record) : [])
        {
            yield return line;
        }

        foreach (var script in story.Scripts)
        {
            yield return Field("script", Of(script));
        }

        foreach (var entry in story.Ended)
        {
            foreach (var line in Of(entry))
            {
                yield return line;
            }
        }

        if (story.Console is not null)
        {
            yield return Field("console", $"{story.Console}{(story.ConsoleTail.Count == 0 ? ", nothing was written" : ", last lines:")}");
            foreach (var line in story.ConsoleTail)
            {
                yield return $"  | {line}";
            }
        }
    }

    private static IEnumerable<string> Of(JobRecord record)
    {
        var stamp = record.Stamp;
        yield return Field("project", stamp.Project ?? "-");
        yield return Field("image", Image(stamp.Image, stamp.Generation));
        yield return Field("made", $"{Moment(stamp.Created)}, stays until {Moment(stamp.Expires)} at most{(record.Kept ? ", kept on request" : "")}");
        yield return Field(
            "start",
            record.Ready is { } ready ? $"{record.Start}{Because(record.ColdReason)}, ready {Moment(ready)}" : record.Claim is null ? "waits for its turn, or has just begun" : "not ready (yet)");
        if (record.Guest is { } guest)
        {
            yield return Field("guest", string.Create(CultureInfo.InvariantCulture, $"{guest.User}@{guest.Host}:{guest.Port}"));
        }

        if (record.Phases.Count > 0)
        {
            yield return Field("prepare", Phases(record.Phases));
        }

        if (record.Stopped is { } stopped)
        {
            yield return Field("stopped", $"{stopped.Reason}: {stopped.Message}");
        }
    }

    private static IEnumerable<string> Of(LedgerEntry entry)
    {
        yield return Field("ended", $"{Moment(entry.Removed)}, {entry.Result}{(entry.Reason is null ? "" : $" ({entry.Reason})")}, removed by {entry.RemovedBy}");
        yield return Field("  of", $"{entry.Project ?? "-"}, image {(entry.Image is null ? "-" : Image(entry.Image, entry.Generation))}, {entry.Start ?? "never started"}{Because(entry.ColdReason)}");
        if (entry.Prepare.Count > 0)
        {
            yield return Field("  prepare", Phases(entry.Prepare));
        }

        foreach (var script in entry.Scripts)
        {
            yield return Field("  script", Of(script));
        }

        var used = new[]
        {
            entry.CpuSeconds is { } cpu ? string.Create(CultureInfo.InvariantCulture, $"{cpu:0.0} s CPU time") : null,
            entry.PeakMemoryBytes is { } memory ? $"{Mebibytes(memory)} memory at most" : null,
            entry.DiskBytes is { } disk ? $"{Mebibytes(disk)} written to disk" : null,
        }.OfType<string>().ToList();
        if (used.Count > 0)
        {
            yield return Field("  used", string.Join(", ", used));
        }
    }

    private static string Of(ScriptRecord script) => string.Create(
        CultureInfo.InvariantCulture,
        $"{script.SubStage}: {(script.ExitCode is { } code ? $"exit code {code}" : script.Failure ?? "no end known")} after {script.Seconds:0.0} s");

    private static string Image(string image, int? generation) => generation is null ? image : string.Create(CultureInfo.InvariantCulture, $"{image}, generation {generation}");

    private static string Phases(IReadOnlyDictionary<string, double> phases) =>
        string.Join(", ", phases.Select(phase => string.Create(CultureInfo.InvariantCulture, $"{phase.Key} {phase.Value:0.0} s")));

    private static string Because(string? coldReason) => coldReason is null ? "" : $" ({coldReason})";

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0} MiB");

    private static string Moment(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static string Field(string name, string value) => $"{name,-10} {PlainText.OneLine(value, 500)}";
}
