using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Values;
using VmExecutor.GitlabCi;

namespace VmExecutor.Trials.DryRuns;

/// <summary><c>try --dry-run</c>: what a trial would do, found by the same decisions, with the same failures, and with nothing made.</summary>
internal sealed class DryRun(MachineForecast machines, TrialBundle bundle, RunnerEntry? runner)
{
    /// <summary>Of a script of the command line.</summary>
    /// <param name="job">The image to try, with its services.</param>
    /// <param name="script">What build_script would do.</param>
    /// <param name="repository">The repository whose sources the job would get; null: none.</param>
    /// <param name="sources">As the trial takes them; null: none.</param>
    /// <param name="keep">The VM would stay.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<TrialOutlook> OfScriptAsync(
        TrialJob job, GivenScript script, TrialRepository? repository, TrialSources? sources, bool keep, CancellationToken cancellationToken)
    {
        var machine = await machines.LookAsync(job, cancellationToken);
        if (sources is not null)
        {
            await bundle.EnsureSendableAsync(sources, cancellationToken);
        }

        var guest = Guest(machine.Plan.Image);
        var project = Trial.ProjectDirectory(guest);
        return new TrialOutlook
        {
            Machine = machine,
            Job = job,
            Project = project,
            Sources = sources,
            Repository = repository,
            Scripts = Sent(guest, job, [.. Trial.SubStages(guest, project, script, sources is not null), (TrialScript.LastSubStage, TrialScript.LastScript)]),
            Keep = keep,
        };
    }

    /// <summary>Of a job of a <c>.gitlab-ci.yml</c>.</summary>
    /// <param name="job">As a trial would get it.</param>
    /// <param name="request">The options.</param>
    /// <param name="repository">The repository whose sources the job would get; null: none.</param>
    /// <param name="artifacts">Where they would go.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<TrialOutlook> OfJobAsync(
        GitlabCiJob job, GitlabCiRequest request, TrialRepository? repository, AbsolutePath artifacts, CancellationToken cancellationToken)
    {
        var machine = await machines.LookAsync(job.Trial, cancellationToken);
        if (job.Sources is { } sources)
        {
            await bundle.EnsureSendableAsync(sources, cancellationToken);
        }

        var guest = Guest(machine.Plan.Image);
        var shown = job.WithoutSecrets(request, repository);
        var project = CiSecrets.Hide(job.ProjectDirectory(guest), job.SecretValues(request));
        var scripts = shown.Scripts(guest, project);
        IEnumerable<(string Name, string Body)> all =
        [
            .. scripts.Before(job.Sources is not null),
            ("build_script", scripts.Build),
            .. scripts.After("success") is { } after ? [("after_script", after)] : Array.Empty<(string, string)>(),
            (TrialScript.LastSubStage, TrialScript.LastScript),
        ];
        return new TrialOutlook
        {
            Machine = machine,
            Job = shown.Trial,
            Project = project,
            Sources = job.Sources,
            Repository = job.Sources is null ? null : repository,
            Variables = scripts.Variables,
            Scripts = Sent(guest, job.Trial, all),
            Artifacts = job.Job.Artifacts,
            ArtifactsDirectory = guest.Shell == GuestShell.Pwsh ? null : artifacts,
            Keep = request.Keep,
        };
    }

    private static TrialGuest Guest(ImageDefinition image) => new(image.Shell, image.BuildsDir);

    private IReadOnlyList<PlannedScript> Sent(TrialGuest guest, TrialJob job, IEnumerable<(string Name, string Body)> scripts)
    {
        var posix = RunnerNeeds.IsPosix(runner, job.Find(RunnerQuoting.PosixFlag));
        return [.. scripts.Select(script => new PlannedScript(script.Name, script.Body, RunnerScript.Wrap(guest.Shell, script.Body, posix)))];
    }
}
