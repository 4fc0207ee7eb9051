using VmExecutor.Commands;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Values;
using VmExecutor.GitlabCi;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Runner;
using VmExecutor.Observing;
using VmExecutor.Reports;
using VmExecutor.Trials;
using VmExecutor.Trials.DryRuns;

namespace VmExecutor;

/// <summary>The parts of <c>try</c> and <c>replay</c>.</summary>
internal sealed class TrialTasks(Invocation invocation, string? configOption, CancellationToken cancellationToken)
{
    private readonly JobLog _log = new(invocation.Error);
    private readonly List<string> _warnings = [];

    public TrialFrame Frame() => new(invocation.Load(configOption).Settings, Runner(), new TrialTimes(invocation.Time), invocation.Output, cancellationToken);

    public TrialBundle Bundle() => new(invocation.Tools(), invocation.GuestShell());

    public Trial Trial() => new(Frame(), Bundle());

    /// <summary>Describes a trial of a script without running it.</summary>
    /// <inheritdoc cref="Trials.Trial.RunAsync" path="/param"/>
    /// <exception cref="DriverException">As the trial would fail before its first script.</exception>
    public async Task<int> ShowAsync(string image, GivenScript script, IReadOnlyList<CiService> services, TrialSources? sources, bool keep, bool json)
    {
        var repository = sources is not null && HostDirectory.Exists(sources.Repository.Value)
            ? await TrialRepository.ReadAsync(invocation.Tools(), sources.Repository, cancellationToken)
            : null;
        return await ShowAsync(dryRun => dryRun.OfScriptAsync(TrialJob.New(image) with { Services = services }, script, repository, sources, keep, cancellationToken), json);
    }

    /// <summary>Runs a job of a <c>.gitlab-ci.yml</c>, or describes the trial without running it.</summary>
    /// <exception cref="SystemFailureException">The file or its job cannot be used, or the driver failed.</exception>
    public async Task<int> RunAsync(GitlabCiRequest request)
    {
        var where = request.Repository ?? request.File.Parent();
        var repository = HostDirectory.Exists(where.Value) ? await TrialRepository.ReadAsync(invocation.Tools(), where, cancellationToken) : null;
        if (repository is null && request.Repository is not null)
        {
            throw new SystemFailureException(
                ErrorCodes.UsageWrong, $"{request.Repository} is no git repository", "Give the directory of one: --repo DIR; or leave it out, and the job gets the one that its file is in.");
        }

        var file = GitlabCiFile.Parse(GitlabCiRepository.Read(request.File), Surroundings(request, repository));
        if (request.Job is not { } name)
        {
            Warn(file.Warnings);
            throw new SystemFailureException(
                ErrorCodes.GitlabCiJobUnknown,
                $"no job of {request.File} was named; {(file.Jobs.Count == 0 ? "it has none" : $"it has: {string.Join(", ", file.Jobs.Select(job => PlainText.OneLine(job, 80)))}")}",
                "Name one: --job NAME");
        }

        var job = file.Job(name);
        Warn(job.Warnings);

        SayOfSources(request, repository);
        repository = repository?.Commit is null ? null : repository;
        var decided = GitlabCiJob.Decide(job, request, repository);
        if (repository is not null)
        {
            decided.WithoutSecrets(request, repository).Git.NotDone.ToList().ForEach(Warn);
        }

        var artifacts = request.Artifacts ?? DriverCommand.Resolve($"artifacts-{(CiPredefined.Slug(job.Name) is { Length: > 0 } slug ? slug : "job")}");
        return request.DryRun
            ? await ShowAsync(dryRun => dryRun.OfJobAsync(decided, request, repository, artifacts, cancellationToken), request.Json)
            : await new GitlabCiTrial(Frame(), Bundle(), new ArtifactCollector(invocation.GuestShell(), new JobLog(invocation.Output)), invocation.Time)
                .RunAsync(decided, request.Keep, artifacts);
    }

    private RunnerEntry? Runner() =>
        new StageRunner(RunnerHost.FromEnvironment(invocation.Variables), invocation.Variables).Find(ProcessTable.Self().Pid);

    private async Task<int> ShowAsync(Func<DryRun, Task<TrialOutlook>> look, bool json)
    {
        using var machine = invocation.Machine(configOption);
        var runner = Runner();
        var outlook = await look(new DryRun(new MachineForecast(machine, runner, Warn), Bundle(), runner));
        if (json)
        {
            invocation.Output.WriteLine(DryRunJson.Write(outlook, _warnings));
        }
        else
        {
            DryRunReport.Print(outlook, invocation.Output);
        }

        return ExitCodes.Success;
    }

    private void Warn(IEnumerable<ConfigurationWarning> warnings) => warnings.ToList().ForEach(warning => Warn(warning.ToString()));

    private void Warn(string warning)
    {
        _log.Warn(warning);
        _warnings.Add(warning);
    }

    private void SayOfSources(GitlabCiRequest request, TrialRepository? repository)
    {
        if (repository is null)
        {
            Warn($"{request.File} is in no git repository: the job gets an empty directory; give it one by --repo DIR");
        }
        else if (repository.Commit is null)
        {
            Warn($"{repository.Top} has no commit yet: the job gets an empty directory");
        }
        else if (repository.Changes > 0 && !request.WithChanges)
        {
            Warn($"{Quantity.Of(repository.Changes, "change")} in {repository.Top} are not committed, and the job does not get them; with --worktree it does");
        }
    }

    /// <summary>The files that the file may include, and the values that it may use while it is read.</summary>
    private static CiRepository Surroundings(GitlabCiRequest request, TrialRepository? repository)
    {
        var files = new GitlabCiRepository(repository?.Top ?? request.File.Parent());
        var facts = new CiFacts { JobId = 1, ProjectPath = repository?.ProjectPath ?? TrialJob.DefaultProject, Commit = repository?.Commit };
        return new CiRepository
        {
            Read = files.Read,
            Paths = files.Paths,
            Variables = CiExpansion.Expand([.. CiPredefined.OfPipeline(facts), .. request.Variables]).ToDictionary(variable => variable.Name, variable => variable.Value),
            Inputs = request.Inputs,
        };
    }
}
