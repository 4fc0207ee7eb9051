using VmExecutor.Commands;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.GitlabCi;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Trials;

namespace VmExecutor;

/// <summary>The parts of <c>try</c> and <c>replay</c>.</summary>
internal sealed class TrialComposition(Composition composition, string? configOption, CancellationToken cancellationToken)
{
    private readonly JobLog _warnings = new(composition.Error);

    public TrialFrame Frame() => new(composition.Load(configOption).Settings, new TrialTimes(composition.Time), composition.Output, cancellationToken);

    public TrialBundle Bundle() => new(composition.Tools(), composition.GuestShell());

    public Trial Trial() => new(Frame(), Bundle());

    /// <summary>Runs a job of a <c>.gitlab-ci.yml</c>.</summary>
    /// <exception cref="SystemFailureException">The file or its job cannot be used, or the driver failed.</exception>
    public async Task<int> RunAsync(GitlabCiRequest request)
    {
        var where = request.Repository ?? request.File.Parent();
        var repository = Directory.Exists(where.Value) ? await TrialRepository.ReadAsync(composition.Tools(), where, cancellationToken) : null;
        if (repository is null && request.Repository is not null)
        {
            throw new SystemFailureException(
                ErrorCodes.UsageWrong, $"{request.Repository} is no git repository", "Give the directory of one: --repo DIR; or leave it out, and the job gets the one that its file is in.");
        }

        var file = GitlabCiFile.Parse(Read(request.File), path => ReadIncluded(repository?.Top ?? request.File.Parent(), path));
        if (request.Job is not { } name)
        {
            throw new SystemFailureException(
                ErrorCodes.GitlabCiJobUnknown,
                $"no job of {request.File} was named; {(file.Jobs.Count == 0 ? "it has none" : $"it has: {string.Join(", ", file.Jobs.Select(job => PlainText.OneLine(job, 80)))}")}",
                "Name one: --job NAME");
        }

        var job = file.Job(name);
        foreach (var warning in job.Warnings)
        {
            _warnings.Warn(warning.ToString());
        }

        SayOfSources(request, repository);
        var artifacts = request.Artifacts ?? DriverCommand.Resolve($"artifacts-{(CiPredefined.Slug(job.Name) is { Length: > 0 } slug ? slug : "job")}");
        return await new GitlabCiTrial(Frame(), Bundle(), new ArtifactCollector(composition.GuestShell(), new JobLog(composition.Output)), composition.Time)
            .RunAsync(job, request, repository?.Commit is null ? null : repository, artifacts);
    }

    private void SayOfSources(GitlabCiRequest request, TrialRepository? repository)
    {
        if (repository is null)
        {
            _warnings.Warn($"{request.File} is in no git repository: the job gets an empty directory; give it one by --repo DIR");
        }
        else if (repository.Commit is null)
        {
            _warnings.Warn($"{repository.Top} has no commit yet: the job gets an empty directory");
        }
        else if (repository.Changes > 0 && !request.WithChanges)
        {
            _warnings.Warn($"{repository.Changes} change{(repository.Changes == 1 ? "" : "s")} in {repository.Top} are not committed, and the job does not get them; with --worktree it does");
        }
    }

    private static ConfigurationText Read(AbsolutePath file)
    {
        try
        {
            return new ConfigurationText(file, System.Text.Encoding.UTF8.GetString(RegularFile.Read(file, ConfigurationText.MaxBytes)));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new SystemFailureException(ErrorCodes.GitlabCiUnreadable, $"{file} cannot be read: {e.Message}", "Give the path of a .gitlab-ci.yml: --gitlab-ci FILE", e);
        }
    }

    /// <summary>Null: it is not there, or not in the repository.</summary>
    private static ConfigurationText? ReadIncluded(AbsolutePath top, string path) =>
        top.TryResolve(path, out var file) && file.Value.StartsWith($"{top.Value.TrimEnd('/')}/", StringComparison.Ordinal) && File.Exists(file.Value) ? Read(file) : null;
}
