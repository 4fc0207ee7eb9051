using VmExecutor.Core.Values;
using VmExecutor.GitlabCi;

namespace VmExecutor.Trials;

/// <summary>A job of a <c>.gitlab-ci.yml</c> as it is handed to the stages. All of it is decided before anything is started, for a trial and for a dry run alike.</summary>
/// <param name="Job">From the file.</param>
/// <param name="Trial">For the stages.</param>
/// <param name="Written">All variables that are known before the VM is, not expanded.</param>
/// <param name="Git">The job's wishes for its sources.</param>
/// <param name="Sources">Null: the job gets none.</param>
internal sealed record GitlabCiJob(CiJob Job, TrialJob Trial, IReadOnlyList<CiVariable> Written, CiGit Git, TrialSources? Sources)
{
    /// <param name="job">From the file.</param>
    /// <param name="request">The other options.</param>
    /// <param name="repository">Null: there are no sources.</param>
    /// <exception cref="Core.Failures.SystemFailureException">The runner would fail the job for a variable's value.</exception>
    public static GitlabCiJob Decide(CiJob job, GitlabCiRequest request, TrialRepository? repository)
    {
        var (trial, written) = Expand(TrialJob.New(image: null, job.Timeout), job, request, repository, request.Variables);
        var git = CiGit.Read(trial.Variables.ToDictionary(variable => variable.Name, variable => variable.Value));
        var sources = repository is null || git.Strategy != CiGitStrategy.Clone ? null : new TrialSources(repository.Top, request.WithChanges);
        return new GitlabCiJob(job, trial, written, git, sources);
    }

    /// <summary>The values of the command line that are not printed, as the job gets them.</summary>
    public IReadOnlyList<string> SecretValues(GitlabCiRequest request)
    {
        var names = request.Variables.Where(CiSecrets.IsSecret).Select(variable => variable.Name).ToHashSet(StringComparer.Ordinal);
        return [.. Trial.Variables.Where(variable => names.Contains(variable.Name)).Select(variable => variable.Value)];
    }

    /// <summary>The same job for printing: its variables have no value of a secret, and nothing that is made of one; what was decided stays.</summary>
    public GitlabCiJob WithoutSecrets(GitlabCiRequest request, TrialRepository? repository)
    {
        var (trial, written) = Expand(Trial, Job, request, repository, CiSecrets.Hide(request.Variables));
        return this with { Trial = trial, Written = written, Git = Git.WithoutSecrets(SecretValues(request)) };
    }

    /// <summary>The project's directory in the guest.</summary>
    /// <exception cref="Core.Failures.SystemFailureException">The job wants it outside the builds directory.</exception>
    public string ProjectDirectory(TrialGuest guest)
    {
        var usual = $"{guest.BuildsDirectory}/{Trial.Project}";
        var values = CiExpansion.Expand([.. CiPredefined.OfPlaces(guest.BuildsDirectory, usual), .. Written]);
        return CiGit.ProjectDirectory(guest.BuildsDirectory, usual, values.ToDictionary(variable => variable.Name, variable => variable.Value));
    }

    public GitlabCiScripts Scripts(TrialGuest guest, string project) =>
        new(Job, guest, project, Git, [.. CiPredefined.OfPlaces(guest.BuildsDirectory, project), .. Written]);

    private static (TrialJob Trial, IReadOnlyList<CiVariable> Written) Expand(
        TrialJob trial, CiJob job, GitlabCiRequest request, TrialRepository? repository, IReadOnlyList<CiVariable> given)
    {
        var facts = new CiFacts
        {
            JobId = trial.Id,
            ProjectPath = repository?.ProjectPath ?? TrialJob.DefaultProject,
            Commit = repository?.Commit,
            ConfigPath = ConfigPath(request.File, repository),
            Timeout = trial.Timeout,
            Image = Image(job, request, repository, given),
        };
        IReadOnlyList<CiVariable> written = [.. CiPredefined.Of(job, facts), .. job.Variables, .. given];
        return (
            trial with
            {
                Image = facts.Image,
                Services = job.Services,
                Name = job.Name,
                Stage = job.Stage,
                Project = facts.ProjectPath,
                Commit = facts.Commit,
                Variables = CiExpansion.Expand(written),
            },
            written);
    }

    /// <summary>The image as GitLab would tell it the runner, with the variables that are known to it.</summary>
    private static string? Image(CiJob job, GitlabCiRequest request, TrialRepository? repository, IReadOnlyList<CiVariable> given)
    {
        if ((request.Image ?? job.Image) is not { } written)
        {
            return null;
        }

        var facts = new CiFacts { JobId = 1, ProjectPath = repository?.ProjectPath ?? TrialJob.DefaultProject, Commit = repository?.Commit };
        var values = CiExpansion.Expand([.. CiPredefined.Of(job, facts), .. job.Variables, .. given]);
        return CiExpansion.Expand(written, values.ToDictionary(variable => variable.Name, variable => variable.Value));
    }

    private static string ConfigPath(AbsolutePath file, TrialRepository? repository) =>
        repository is not null && file.Value.StartsWith($"{repository.Top}/", StringComparison.Ordinal) ? file.Value[(repository.Top.Value.Length + 1)..] : file.Name;
}
