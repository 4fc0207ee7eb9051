using System.Globalization;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Keeping;
using VmExecutor.Core.Values;
using VmExecutor.GitlabCi;
using VmExecutor.Host.Files;
using VmExecutor.Observing;

namespace VmExecutor.Trials;

/// <summary>Runs a failed job's kept scripts in a new VM, in the order in which the runner ran them.</summary>
internal sealed class Replay(TrialFrame frame, TrialBundle bundle, JobLog log)
{
    /// <param name="job">The kept job.</param>
    /// <param name="directory">The directory of its scripts.</param>
    /// <param name="request">The other options.</param>
    /// <returns>The exit code of the script that failed; where the driver failed, its stage's.</returns>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.KeptScriptsUnusable"/>.</exception>
    public async Task<int> RunAsync(KeptJob job, AbsolutePath directory, ReplayRequest request)
    {
        var plan = ReplayPlan.Of(job, request.From, request.Sources is not null) ?? throw new SystemFailureException(
            ErrorCodes.UsageWrong,
            $"job {job.Key} has no sub-stage '{request.From}'; it has: {string.Join(", ", job.Scripts.Select(script => script.SubStage))}",
            "Give one of these: --from SUB_STAGE");
        if (request.Sources is not null && job.ProjectDirectory is null)
        {
            throw new SystemFailureException(
                ErrorCodes.KeptScriptsUnusable,
                $"the directory of job {job.Key}'s sources was not recorded, so the sources of --repo cannot be put there",
                "Leave out --repo, and --from build_script what needs them; with --keep the VM stays to look.");
        }

        if (plan.LeftOut.Count > 0)
        {
            log.Warn($"left out, since they would write to GitLab: {string.Join(", ", plan.LeftOut)}");
        }

        using var stages = new TrialStages(frame.Settings, Job(job, request));
        IReadOnlyList<string> prepare = job.Generation is { } number && request.Image is null
            ? ["--generation", number.ToString(CultureInfo.InvariantCulture)]
            : [];
        var exitCode = await frame.RunAsync(stages, request.Keep, prepare, guest => RunScriptsAsync(stages, guest, job, directory, plan, request.Sources));
        frame.Say(exitCode == 0 ? $"Replay of job {job.Key}: all scripts succeeded" : string.Create(CultureInfo.InvariantCulture, $"Replay of job {job.Key} failed: exit code {exitCode}"));
        return exitCode;
    }

    private static TrialJob Job(KeptJob job, ReplayRequest request)
    {
        (string Name, string? Value)[] sizes = [(RequestedSizes.CpusVariable, job.Cpus), (RequestedSizes.MemoryVariable, job.Memory), (RequestedSizes.DiskVariable, job.Disk)];
        return TrialJob.New(request.Image ?? job.Image) with
        {
            Name = job.Name ?? "replay",
            Project = job.Project ?? TrialJob.DefaultProject,

            // The job had this image, so its branch was let in.
            Protected = true,
            IsReplay = true,
            Variables = request.Image is not null ? [] : [.. sizes.Where(size => size.Value is not null).Select(size => new CiVariable(size.Name, size.Value!, Raw: true))],
        };
    }

    private async Task<int> RunScriptsAsync(TrialStages stages, TrialGuest guest, KeptJob job, AbsolutePath directory, ReplayPlan plan, TrialSources? sources)
    {
        var failed = 0;
        var result = 0;
        var needed = sources is not null || plan.Scripts.All(script => script.SubStage != ReplayPlan.GetSources);
        foreach (var script in plan.Scripts)
        {
            if (needed && job.ProjectDirectory is not null && ReplayPlan.IsAfterSources(script.SubStage))
            {
                needed = false;
                if (await SourcesAsync(stages, guest, job.ProjectDirectory, job.Commit, sources) is var sent && sent != 0)
                {
                    return TrialFrame.Result(stages, sent);
                }
            }

            if (frame.Cancelled.IsCancellationRequested || !TrialFrame.IsScripts(failed) || (failed != 0 && !ReplayPlan.RunsAfterFailure(script.SubStage)))
            {
                continue;
            }

            var exitCode = await frame.AsideAsync(stages, script.SubStage, () => stages.RunAsync(["run", FileOf(directory, script), script.SubStage]));
            if (exitCode != 0 && failed == 0 && !ReplayPlan.RunsAfterFailure(script.SubStage))
            {
                failed = exitCode;
                result = TrialFrame.Result(stages, exitCode);
                stages.SetStatus("failed");
                Explain(job, script, result);
            }
        }

        return result;
    }

    /// <summary>In place of the kept get_sources: from a repository, or an empty directory, since the scripts after it go there.</summary>
    private async Task<int> SourcesAsync(TrialStages stages, TrialGuest guest, string project, string? commit, TrialSources? sources)
    {
        if (sources is not null)
        {
            await frame.MeasureAsync("(send repository)", () => bundle.SendAsync(sources, stages.Job, stages.Paths, frame.Cancelled));
        }

        var body = TrialScript.GetSources(guest, project, sources is not null) + TrialScript.Checkout(guest, sources is null or { WithChanges: true } ? null : commit);
        return await frame.SubStageAsync(ReplayPlan.GetSources, () => stages.RunScriptAsync(guest.Shell, ReplayPlan.GetSources, body));
    }

    private void Explain(KeptJob job, KeptScript script, int exitCode)
    {
        var then = script.ExitCode is { } code ? string.Create(CultureInfo.InvariantCulture, $"exit code {code}") : script.Failure ?? "no exit code of its own";
        log.Say(string.Create(CultureInfo.InvariantCulture, $"{script.SubStage} failed with exit code {exitCode}; in the job it was {then}."));
        if (ReplayPlan.NeedsToken(script.SubStage) && script.ExitCode == 0)
        {
            log.Say($"It needs the job's token, which GitLab has ended with the job. Give the sources yourself: vm-executor replay {job.Key} --repo DIR; or begin later: --from build_script");
        }
    }

    private static string FileOf(AbsolutePath directory, KeptScript script) => HostFile.Exists(directory.Child(script.File).Value)
        ? directory.Child(script.File).Value
        : throw new SystemFailureException(
            ErrorCodes.KeptScriptsUnusable, $"the kept script {directory.Child(script.File)} is gone", "It was removed by hand or by gc; 'vm-executor replay' lists the kept scripts.");
}

/// <summary>The request of <c>replay</c>, beside the job.</summary>
/// <param name="Image">Instead of the job's; null: the job's.</param>
/// <param name="From">Begin with this sub-stage; null: with the first.</param>
/// <param name="Sources">Instead of what get_sources fetched; null: it is run.</param>
/// <param name="Keep">Leave the VM.</param>
internal sealed record ReplayRequest(string? Image, string? From, TrialSources? Sources, bool Keep);
