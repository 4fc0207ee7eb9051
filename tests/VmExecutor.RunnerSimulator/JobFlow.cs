using System.Globalization;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Scripts;
using VmExecutor.RunnerSimulator.Stages;

namespace VmExecutor.RunnerSimulator;

/// <summary>The order of a job's stages and what one's end means for the next (docs/runner-contract.md sections 2 to 4).</summary>
internal sealed class JobFlow(
    RunnerOptions options, SimulatedJob job, JobSession session, JobControl control, CancellationToken testGaveUp)
{
    private const int PreparationAttempts = 3;

    private static readonly TimeSpan Unlimited = TimeSpan.FromDays(1);

    private Task _jobTimeout = Task.CompletedTask;

    public async Task<JobResult> RunAsync()
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(testGaveUp);
        _jobTimeout = Task.Delay(job.Timeout, over.Token);
        session.Trace.AppendLine($"Running with gitlab-runner 19.4.0 (simulated)\n  on {options.Name} {options.ShortToken}");
        var end = await PrepareAsync();
        if (end is null)
        {
            end = await ScriptsAsync();
            await CleanupAsync(end);
        }

        await over.CancelAsync();
        if (end.State == JobState.Abandoned)
        {
            session.Forget();
        }
        else
        {
            session.Trace.AppendLine(end.TraceLine);
        }

        return new JobResult
        {
            State = end.State,
            FailureReason = end.Reason,
            ExitCode = end.ExitCode,
            Trace = session.Trace.Bytes,
            RunnerLog = session.RunnerLog,
            Stages = [.. session.Records],
        };
    }

    /// <summary>Up to three attempts of config and prepare, each failed one cleaned up before the next.</summary>
    /// <returns>Null if the job is prepared, else its end, with cleanup done.</returns>
    private async Task<JobEnd?> PrepareAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            var record = await AttemptAsync();
            if (!record.Reading.Failed && record.Interruption is null)
            {
                return null;
            }

            var end = record.Interruption == Interruption.StageTimeout
                ? JobEnd.OfReading(StageReading.System($"{record.Stage} timed out"))!
                : JobEnd.After(record)!;
            await CleanupAsync(end);
            var isFinal = end.StopsHere || end.State == JobState.Canceled || end.Reason == FailureReason.ScriptFailure;
            if (isFinal || attempt == PreparationAttempts)
            {
                return end;
            }

            session.Trace.AppendLine($"WARNING: Preparation failed: {end.Message}");
            session.Trace.AppendLine(string.Create(
                CultureInfo.InvariantCulture, $"Will be retried in {options.RetryPause.TotalSeconds}s ..."));
            await Task.Delay(options.RetryPause, testGaveUp);
        }
    }

    private async Task<StageRecord> AttemptAsync()
    {
        session.SetStatus("running");
        var config = await session.ConfigAsync(Interruptible(options.ConfigTimeout, alsoByCancel: true));
        if (config.Reading.Failed || config.Interruption is not null)
        {
            return config;
        }

        var driver = $" {session.Reply.DriverName} {session.Reply.DriverVersion}".TrimEnd();
        session.Trace.AppendLine($"Using Custom executor{(driver.Length == 0 ? "" : $" with driver{driver}")}...");
        return await session.PrepareAsync(Interruptible(options.PrepareTimeout, alsoByCancel: true));
    }

    private async Task<JobEnd> ScriptsAsync()
    {
        var scripts = session.Scripts;
        var end = await EarlyAsync(SubStages.PrepareScript, 1, scripts.Prepare);
        if (end is not null)
        {
            return end;
        }

        end = await EarlyAsync(SubStages.GetSources, job.Attempts("GET_SOURCES_ATTEMPTS"), to => scripts.GetSources(to, Sources));
        if (end is null && job.IsSynthetic)
        {
            end = await EarlyAsync(SubStages.BootVerifyProbes, 1, to => to.Notice("Checking the server's address..."));
        }

        if (end is null && job.HasCache)
        {
            end = await EarlyAsync(
                SubStages.RestoreCache, job.Attempts("RESTORE_CACHE_ATTEMPTS"), scripts.RestoreCache);
        }

        if (end is null && job.HasDependencies)
        {
            end = await EarlyAsync(
                SubStages.DownloadArtifacts,
                job.Attempts("ARTIFACT_DOWNLOAD_ATTEMPTS"),
                scripts.DownloadArtifacts);
        }

        if (end is { StopsHere: true })
        {
            return end;
        }

        return await AfterwardsAsync(end ?? await StepsAsync());
    }

    private GitSource? Sources => job.Variables.Any(variable => variable is { Key: "GIT_STRATEGY", Value: "none" }) ? null : job.Git;

    /// <summary>A sub-stage before the job's script: repeated as the job's variables say, and a cancel there ends the job.</summary>
    private async Task<JobEnd?> EarlyAsync(string subStage, int attempts, Action<ScriptWriter> write)
    {
        for (var attempt = 1; ; attempt++)
        {
            var record = await session.RunAsync(subStage, write, Interruptible(Unlimited, alsoByCancel: true));
            var end = JobEnd.After(record);
            if (record.Interruption is not null)
            {
                return end! with { StopsHere = true };
            }

            if (end is null || attempt >= attempts)
            {
                return end;
            }

            if (subStage == SubStages.GetSources)
            {
                await session.RunAsync(
                    SubStages.ClearWorktree, session.Scripts.ClearWorktree, Interruptible(Unlimited, alsoByCancel: true));
            }
        }
    }

    /// <summary>The job's script and further steps, then after_script whatever came of them.</summary>
    private async Task<JobEnd> StepsAsync()
    {
        var limits = Interruptible(job.ScriptTimeout ?? Unlimited, alsoByCancel: true);
        var end = JobEnd.After(await session.RunAsync(SubStages.BuildScript, to => session.Scripts.AuthorsScript(to, job.Commands), limits));
        foreach (var (name, script) in job.FurtherSteps)
        {
            end ??= JobEnd.After(await session.RunAsync(SubStages.Step(name), to => session.Scripts.AuthorsScript(to, [script]), limits));
        }

        end ??= JobEnd.Succeeded;
        if (job.AfterScript.Count == 0 || end.StopsHere)
        {
            return end;
        }

        session.SetStatus(end.Status);
        var record = await session.RunAsync(
            SubStages.AfterScript,
            to => session.Scripts.AfterScript(to, job.AfterScript),
            Interruptible(options.AfterScriptTimeout, alsoByCancel: false));
        var after = JobEnd.After(record);
        return after is { StopsHere: true } ? after : end;
    }

    /// <summary>Caches and artifacts by success or failure, and the file variables: in the same VM.</summary>
    private async Task<JobEnd> AfterwardsAsync(JobEnd end)
    {
        if (end.StopsHere)
        {
            return end;
        }

        session.SetStatus(end.Status);
        var succeeded = end.State == JobState.Success;
        var scripts = session.Scripts;
        List<(string SubStage, Action<ScriptWriter> Write, bool Counts)> rest = [];
        if (job.HasCache)
        {
            var name = succeeded ? SubStages.ArchiveCache : SubStages.ArchiveCacheOnFailure;
            rest.Add((name, scripts.ArchiveCache, true));
        }

        if (job.HasArtifacts)
        {
            var name = succeeded ? SubStages.UploadArtifactsOnSuccess : SubStages.UploadArtifactsOnFailure;
            rest.Add((name, scripts.UploadArtifacts, true));
        }

        rest.Add((SubStages.CleanupFileVariables, to => scripts.CleanupFileVariables(to, Sources), false));
        foreach (var (subStage, write, counts) in rest)
        {
            var after = JobEnd.After(await session.RunAsync(subStage, write, Interruptible(Unlimited, alsoByCancel: false)));
            if (after is { StopsHere: true })
            {
                return after;
            }

            end = counts && end.State == JobState.Success && after is not null ? after : end;
        }

        return end;
    }

    /// <summary>Nothing interrupts cleanup but its own time and, once the runner was told to end, the runner's patience.</summary>
    private async Task CleanupAsync(JobEnd end)
    {
        if (end.State == JobState.Abandoned)
        {
            return;
        }

        session.SetStatus(end.Status);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(testGaveUp);
        var orphaned = OrphanedAsync(over.Token);
        var record = await session.CleanupAsync(
            new StageLimits(options.CleanupTimeout).With(orphaned, Interruption.RunnerKilled));
        await over.CancelAsync();
        if (record.Reading.Failed)
        {
            session.Trace.AppendLine($"WARNING: Cleanup script failed: {record.Reading.Message}");
        }
    }

    private async Task OrphanedAsync(CancellationToken cancellationToken)
    {
        await control.RunnerStopped.WaitAsync(cancellationToken);
        await Task.Delay(options.ShutdownTimeout, cancellationToken);
    }

    private StageLimits Interruptible(TimeSpan timeout, bool alsoByCancel) =>
        new StageLimits(timeout)
            .With(alsoByCancel ? control.Canceled : null, Interruption.Canceled)
            .With(control.Aborted, Interruption.Aborted)
            .With(_jobTimeout, Interruption.JobTimeout)
            .With(control.RunnerStopped, Interruption.RunnerStopped);
}
