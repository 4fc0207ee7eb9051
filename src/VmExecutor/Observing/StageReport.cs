using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Observing;

namespace VmExecutor.Observing;

/// <summary>
/// Gathers the facts of one stage or command and writes them to the operator's log at its end, as one line. A stage's stderr is the job
/// log or the runner's, so only commands of an administrator write for journald.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="journal">Gives the stream of which journald reads what commands say.</param>
internal sealed class StageReport(TimeProvider time, Func<TextWriter> journal)
{
    private LogLine _line = new() { Stage = "" };

    /// <summary>Null until they are read: until then the log's place is not known.</summary>
    public Settings? Settings { get; set; }

    public void Add(Func<LogLine, LogLine> change) => _line = change(_line);

    public Job About(Job job)
    {
        _line = _line with { Job = job.Key.Value, Project = job.ProjectPath };
        return job;
    }

    public void AddRecord(JobRecord? record)
    {
        if (record is not null)
        {
            _line = _line with
            {
                Image = record.Stamp.Image,
                Generation = record.Stamp.Generation,
                Start = record.Start,
                ColdReason = record.ColdReason,
                Phases = record.Phases,
            };
        }
    }

    public void AddExit(ScriptExit exit) => _line = _line with { ExitCode = exit.ExitCode, Outcome = exit.Succeeded ? "ok" : "script_failed" };

    public void AddRemoval(Removal removal) => _line = _line with
    {
        Outcome = removal.Parts.Count > 0 ? "removed" : "ok",
        PeakMemoryBytes = removal.PeakMemoryBytes,
        CpuSeconds = removal.CpuTime is { } cpu ? Math.Round(cpu.TotalSeconds, 2) : null,
        DiskBytes = removal.DiskBytes,
    };

    /// <summary>A stage.</summary>
    public Task<T> AroundAsync<T>(string stage, JobLog log, Func<Task<T>> work) => AroundAsync(new LogLine { Stage = stage }, log, journal: null, work);

    /// <summary>A command's work on one image.</summary>
    public Task<T> AroundAsync<T>(string stage, ImageName image, JobLog log, Func<Task<T>> work) =>
        AroundAsync(new LogLine { Stage = stage, Image = image.Value }, log, journal(), work);

    public Task AroundAsync(string stage, ImageName image, JobLog log, Func<Task> work) => AroundAsync(stage, image, log, async () =>
    {
        await work();
        return true;
    });

    public Task<Collection> CollectAsync(JobLog log, Func<Task<Collection>> collect) => AroundAsync(new LogLine { Stage = "gc" }, log, journal(), async () =>
    {
        var collection = await collect();
        _line = _line with { Removed = collection.Removed, Failed = collection.Leftovers.Count(leftover => leftover.Outcome == CollectionOutcome.Failed) };
        return collection;
    });

    private async Task<T> AroundAsync<T>(LogLine line, JobLog log, TextWriter? journal, Func<Task<T>> work)
    {
        _line = line;
        var started = time.GetTimestamp();
        try
        {
            var result = await work();
            await WriteAsync(started, log, journal);
            return result;
        }
        catch (Exception e)
        {
            _line = _line with { Outcome = OutcomeOf(e), Error = e is DriverException failure ? failure.Code.ToString() : null };
            await WriteAsync(started, log, journal);
            throw;
        }
    }

    private async Task WriteAsync(long started, JobLog log, TextWriter? journal)
    {
        if (Settings is { } settings)
        {
            var line = _line with { Seconds = Math.Round(time.GetElapsedTime(started).TotalSeconds, 3) };
            if (await new OperatorLog(settings.Log, settings.StateDir, time).WriteAsync(line, journal) is { } trouble)
            {
                log.Warn(trouble);
            }
        }
    }

    private static string OutcomeOf(Exception failure) => failure switch
    {
        BuildFailureException or Stages.ToldFailureException { Original: BuildFailureException } => "build_failure",
        DriverException => "system_failure",
        OperationCanceledException => "cancelled",
        _ => "bug",
    };
}
