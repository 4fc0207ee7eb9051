using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Keeping;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Keeping;
using VmExecutor.Observing;

namespace VmExecutor.Keeping;

/// <summary>Keeps the scripts of failed jobs for a replay, beside the stages. A failure of it never fails a stage.</summary>
internal sealed partial class ScriptKeeping(Settings settings, StageEnvironment environment, TimeProvider time)
{
    /// <summary>
    /// A variable in the environment of a replay's stages, where no job can set anything: their scripts are not kept again.
    /// </summary>
    public const string ReplayMark = "VM_EXECUTOR_REPLAY";

    private const int LongestName = 200;

    private readonly KeptScripts _kept = new(settings.StateDir, settings.KeepScripts);

    private bool IsReplay => environment.Variables.ContainsKey(ReplayMark);

    /// <summary>Before the script runs.</summary>
    public void Save(JobDirectory directory, string subStage, AbsolutePath script, JobLog log)
    {
        if (!IsReplay)
        {
            Try(log, () => _kept.Save(directory, subStage, script));
        }
    }

    /// <summary>Tells how to replay the job, once what it is about has failed.</summary>
    public void SayOf(JobKey key, string subStage, ScriptExit exit, JobLog log)
    {
        if (settings.KeepScripts.For is { } duration && !IsReplay && !exit.Succeeded && KeepRule.DecidesTheJob(subStage))
        {
            log.Say($"This job's scripts are kept on the host for {DurationText.Format(duration)}. Its administrator runs them again with: vm-executor replay {key}");
        }
    }

    /// <summary>Before the job's directory is removed.</summary>
    public void Keep(Job job, string result, JobRun run)
    {
        var directory = run.Directory;
        if (settings.KeepScripts.For is not { } duration || IsReplay)
        {
            return;
        }

        Try(run.Log, () =>
        {
            var record = run.Record;
            if (record is null || record.Stamp.Image is not { } image || !ScriptRetention.IsFailed(result, directory.ReadScripts()))
            {
                return;
            }

            var now = time.GetUtcNow();
            _kept.Keep(directory, scripts => new KeptJob
            {
                Key = job.Key.Value,
                JobId = job.Id,
                Name = Said("CI_JOB_NAME"),
                Project = job.ProjectPath ?? record.Stamp.Project,
                Image = image,
                Generation = record.Stamp.Generation,
                Cpus = job.Sizes.Cpus,
                Memory = job.Sizes.Memory,
                Disk = job.Sizes.Disk,
                ProjectDirectory = Said("CI_PROJECT_DIR") is { } said && AbsolutePath.TryParse(said, out var project) ? project.Value : null,
                Commit = Said("CI_COMMIT_SHA") is { } sha && Sha().IsMatch(sha) ? sha : null,
                Kept = now,
                Expires = now + duration,
                Scripts = scripts,
            });
            _kept.Prune(now);
        });
    }

    /// <summary>Removes kept scripts whose time is over.</summary>
    public void Prune(bool dryRun, JobLog log) => Try(log, () =>
    {
        if (!dryRun && _kept.Prune(time.GetUtcNow()) is { Count: > 0 } gone)
        {
            log.Say($"The kept scripts of {Quantity.Of(gone.Count, "job")} were removed: {string.Join(", ", gone)}");
        }
    });

    /// <summary>A value that a job's author can have set, made safe for people and files.</summary>
    private string? Said(string name) =>
        environment.Variables.GetValueOrDefault($"CUSTOM_ENV_{name}") is { Length: > 0 } value ? PlainText.OneLine(value, LongestName) : null;

    private static void Try(JobLog log, Action act)
    {
        try
        {
            act();
        }
        catch (SystemFailureException e)
        {
            log.Warn(e.Message);
        }
    }

    [GeneratedRegex(@"\A[0-9a-f]{40,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Sha();
}
