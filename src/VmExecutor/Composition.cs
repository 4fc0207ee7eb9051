using System.Collections;
using VmExecutor.Benchmarks;
using VmExecutor.Commands;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Configuration;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Guests.Identity;
using VmExecutor.Host.Guests.Login;
using VmExecutor.Host.Guests.Preparation;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Templates;
using VmExecutor.Keeping;
using VmExecutor.Observing;
using VmExecutor.Publishing;
using VmExecutor.Reports;
using VmExecutor.Stages;

namespace VmExecutor;

/// <summary>
/// Puts the parts together by hand, each stage with just what it needs: a stage process lives for milliseconds.
/// </summary>
internal sealed class Composition(StageEnvironment environment, TextWriter output, TextWriter error, CancellationToken cancelled)
{
    private readonly TimeProvider _time = TimeProvider.System;

    public TextWriter Output { get; } = output;

    /// <summary>Of the process; where a command needs to know it, it asks here.</summary>
    public IReadOnlyDictionary<string, string> Variables => environment.Variables;

    public TimeProvider Time => _time;

    public TextWriter Error { get; } = error;

    /// <summary>What this process tells the operator's log.</summary>
    public StageReport Report { get; } = new(TimeProvider.System, error);

    public static Composition FromProcess(Signals signals) =>
        new(new StageEnvironment(ReadEnvironment()), Console.Out, Console.Error, signals.Token);

    /// <exception cref="DriverException">It is missing or has errors.</exception>
    public ConfigurationResult Load(string? configOption)
    {
        var loaded = SettingsFile.Load(SettingsPath.Decide(configOption, environment.Variables, DriverCommand.Here()));
        Report.Settings = loaded.Settings;
        return loaded;
    }

    public ConfigStage ConfigStage(string? configOption) => new(Load(configOption).Settings, Output);

    /// <param name="configOption">The <c>--config</c> option.</param>
    /// <param name="job">The job.</param>
    /// <param name="start">How the VM may be started.</param>
    /// <param name="generation">Of the image, if it is still there; null: the current one.</param>
    /// <param name="log">The job's.</param>
    /// <param name="cancellationToken">The stage's.</param>
    public async Task PrepareAsync(string? configOption, Job job, StartChoice start, int? generation, JobLog log, CancellationToken cancellationToken)
    {
        var settings = Load(configOption).Settings;
        var plan = ClonePlan.For(job, settings);
        var chosen = ChosenGeneration.For(plan.Image, new Catalogue(settings.StateDir), generation);
        chosen.Warnings.ToList().ForEach(log.Warn);
        plan = plan with { Generation = chosen.Generation, Start = start };
        Report.Add(line => line with { Image = plan.Image.Name.Value, Generation = plan.Generation?.Number });
        using var leftovers = new LeftoverComposition(settings, UriOf(settings), _time);
        var hypervisor = leftovers.Hypervisors.At(leftovers.Hypervisors.Configured);
        var stage = new PrepareStage(
            hypervisor,
            CloneStart(settings, leftovers),
            leftovers.Remover(hypervisor),
            leftovers.QuickCollection(),
            leftovers.Locks,
            leftovers.Ledger,
            _time);
        var stamp = plan.Stamp(ProcessTable.Parent(), environment.TemporaryDirectory, HostClock.Now(), _time.GetUtcNow());
        await stage.RunAsync(plan, stamp, log, cancellationToken);
        Report.AddRecord(JobDirectory.Of(settings.StateDir, job.Key).Read());
    }

    /// <summary>Publishes an image, and removes the generations that are too many then.</summary>
    public async Task PublishAsync(string? configOption, ImageDefinition image, bool ifChanged, CancellationToken cancellationToken)
    {
        var settings = Load(configOption).Settings;
        using var leftovers = new LeftoverComposition(settings, UriOf(settings), _time);
        var images = Images(settings, leftovers);
        var log = new PublishLog(new JobLog(Output), _time);
        if (await Report.AroundAsync("publish", image.Name, log.Job, () => images.Publisher().PublishAsync(image, ifChanged, log, cancellationToken)) is { } made)
        {
            log.Say($"image '{image.Name}': jobs get generation {made.Number} now");
            Prune(images.Keeper, image, log);
        }
    }

    /// <summary>Makes the templates of an image's current generation, one for each size.</summary>
    /// <param name="configOption">The <c>--config</c> option.</param>
    /// <param name="image">Whose.</param>
    /// <param name="ifNeeded">Only those that are missing or not usable any more.</param>
    /// <param name="cancellationToken">Ends it; what was made is undone.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.WarmNotEnabled"/>, <see cref="ErrorCodes.TemplateImpossible"/>, <see cref="ErrorCodes.TemplateNotMade"/>.</exception>
    public async Task WarmAsync(string? configOption, ImageDefinition image, bool ifNeeded, CancellationToken cancellationToken)
    {
        var settings = Load(configOption).Settings;
        using var leftovers = new LeftoverComposition(settings, UriOf(settings), _time);
        var log = new PublishLog(new JobLog(Output), _time);
        await Report.AroundAsync("warm", image.Name, log.Job, () => Images(settings, leftovers).Templates().RunAsync(image, ifNeeded, log, cancellationToken));
    }

    /// <summary>What could not be removed is no reason to call what was published a failure.</summary>
    private void Prune(ImageKeeper keeper, ImageDefinition image, PublishLog log)
    {
        try
        {
            var (removed, _) = keeper.Prune(image.Name, image.Publish.Keep);
            if (removed.Count > 0)
            {
                ImageCommand.Say(this, image.Name, removed, []);
            }
        }
        catch (SystemFailureException e)
        {
            log.Job.Warn($"old generations were not removed: {e.Message}. They go with 'vm-executor image prune'.");
        }
    }

    public IReadOnlyList<ListedImage> ListImages(string? configOption)
    {
        var settings = Load(configOption).Settings;
        return new ImageLister(settings, new Catalogue(settings.StateDir)).List();
    }

    /// <summary>The same, with how their VMs came up, and what runs VMs here if there are templates that it is to be compared with.</summary>
    public async Task<IReadOnlyList<ListedImage>> DescribeImagesAsync(string? configOption, CancellationToken cancellationToken)
    {
        var settings = Load(configOption).Settings;
        using var leftovers = new LeftoverComposition(settings, UriOf(settings), _time);
        var inquiry = new ImageInquiry(
            settings.StateDir, new ImageLister(settings, new Catalogue(settings.StateDir)), leftovers.Hypervisors.At(leftovers.Hypervisors.Configured), _time);
        return await inquiry.AskAsync(cancellationToken);
    }

    public T WithKeeper<T>(string? configOption, Func<ImageKeeper, T> work)
    {
        var settings = LoadWithoutImages(configOption);
        using var leftovers = new LeftoverComposition(settings, UriOf(settings), _time);
        return work(Images(settings, leftovers).Keeper);
    }

    public DateTimeOffset Now() => _time.GetUtcNow();

    public async Task<ScriptExit> RunAsync(string? configOption, Job job, AbsolutePath script, string subStage, JobLog log, CancellationToken cancellationToken)
    {
        var settings = LoadWithoutImages(configOption);
        var stage = new RunStage(
            settings,
            GuestShell(),
            uri => new LibvirtHypervisor(uri, settings.Libvirt.CallTimeout, _time),
            _time,
            JobOutput.Output(),
            JobOutput.Error());
        var directory = JobDirectory.Of(settings.StateDir, job.Key);
        Report.Add(line => line with { SubStage = ScriptRecord.Name(subStage) });
        var keeping = new ScriptKeeping(settings, environment, _time);
        var exit = await new NotedRun(directory, subStage, _time).RunAsync(() =>
        {
            keeping.Save(directory, subStage, script, log);
            return stage.RunAsync(job, script, log, cancellationToken);
        });
        keeping.SayOf(job.Key, subStage, exit, log);
        Report.AddExit(exit);
        await KeepingComposition.EndRunAsync(settings, job.Key, subStage, exit, log, _time);
        return exit;
    }

    public async Task CleanupAsync(string? configOption, Job job, JobLog log, CancellationToken cancellationToken)
    {
        var settings = LoadWithoutImages(configOption);
        var directory = JobDirectory.Of(settings.StateDir, job.Key);
        new ScriptKeeping(settings, environment, _time).Keep(job, JobResult.Of(environment), directory, log);
        using var leftovers = new LeftoverComposition(settings, UriOf(settings), _time);
        var hypervisor = leftovers.Hypervisors.At(directory.Read()?.LibvirtUri ?? leftovers.Hypervisors.Configured);
        var result = JobResult.Of(environment);
        Report.AddRecord(directory.Read());
        Report.Add(line => line with { Result = result, Phases = null });
        if (await KeepingComposition.Cleanup(environment, GuestShell(), leftovers, _time).TryAsync(job.Key, result, directory, log, cancellationToken))
        {
            Report.Add(line => line with { Outcome = "kept" });
        }
        else
        {
            var stage = new CleanupStage(leftovers.Remover(hypervisor), leftovers.QuickCollection(), leftovers.Locks, leftovers.Ledger, _time);
            Report.AddRemoval(await stage.RunAsync(job.Key, result, directory, log, cancellationToken));
        }

        await MetricsComposition.RefreshAsync(settings, leftovers, _time, log, cancellationToken);
    }

    public async Task<Collection> CollectAsync(string? configOption, bool dryRun, CancellationToken cancellationToken)
    {
        var settings = LoadWithoutImages(configOption);
        using var leftovers = new LeftoverComposition(settings, UriOf(settings), _time);
        new ScriptKeeping(settings, environment, _time).Prune(dryRun, new JobLog(Error));
        var collect = () => leftovers.Collector().CollectAsync(dryRun, except: null, cancellationToken);
        if (dryRun)
        {
            return await collect();
        }

        var log = new JobLog(Error);
        var collection = await Report.CollectAsync(log, collect);
        await MetricsComposition.RefreshAsync(settings, leftovers, _time, log, cancellationToken);
        return collection;
    }

    public async Task<JobList> ListAsync(string? configOption, CancellationToken cancellationToken)
    {
        var settings = LoadWithoutImages(configOption);
        using var leftovers = new LeftoverComposition(settings, UriOf(settings), _time);
        return await new JobLister(settings.StateDir, leftovers.Survey(), leftovers.Hypervisors, HostClock.Now).ListAsync(cancellationToken);
    }

    public async Task<BenchReport> BenchAsync(string? configOption, BenchRequest request, AbsolutePath? handScript, CancellationToken cancellationToken)
    {
        var settings = Load(configOption).Settings;
        using var leftovers = new LeftoverComposition(settings, UriOf(settings), _time);
        var tools = new ToolEnvironment(environment.Variables);
        var hand = new HandMade(
            settings, handScript ?? HandMade.FindScript(tools), UriOf(settings), new HandMadeMachine(CloneStart(settings, leftovers)), tools, Tools(), Error, _time);
        return await new Bench(settings, hand, Error, _time, cancellationToken).RunAsync(
            request, ChosenGeneration.For(request.Image, new Catalogue(settings.StateDir)).Generation);
    }

    /// <summary>A stage: whatever happens ends in one of the contract's exit codes.</summary>
    public Task<int> GuardStageAsync(string name, TextWriter jobLog, Func<Job, JobLog, CancellationToken, Task> stage)
    {
        var log = new JobLog(jobLog);
        return GuardAsync(log, () => Report.AroundAsync(name, log, async () =>
        {
            await stage(Report.About(TrustedJob.Read(environment)), log, cancelled);
            return ExitCodes.Success;
        }));
    }

    /// <summary>The run stage, whose exit code tells the script's.</summary>
    public Task<int> GuardRunAsync(string? configOption, Func<AbsolutePath> script, string subStage)
    {
        var log = new JobLog(Error);
        return GuardAsync(log, () => Report.AroundAsync("run", log, async () =>
        {
            // First of all: a number that an earlier sub-stage left would be taken for this one's (RUNNER-CONTRACT section 3).
            ExitCodes.Forget(environment);
            return ExitCodes.For(await RunAsync(configOption, Report.About(TrustedJob.Read(environment)), script(), subStage, log, cancelled), environment);
        }));
    }

    /// <summary>An administrator's command: its own exit code, or 1 with the reason.</summary>
    public int GuardAdmin(Func<int> command) => Guard(new JobLog(Error), command);

    /// <inheritdoc cref="GuardAdmin"/>
    public Task<int> GuardAdminAsync(Func<CancellationToken, Task<int>> command) => GuardAsync(new JobLog(Error), () => command(cancelled));

    /// <summary>
    /// A command line we do not understand. A system failure also where a stage was meant: a wrong config.toml is the
    /// operator's to correct, not the job author's.
    /// </summary>
    public int RefuseUsage(IEnumerable<string> arguments, IEnumerable<string> errors) => ExitCodes.For(
        new SystemFailureException(
            ErrorCodes.UsageWrong,
            $"'{string.Join(' ', arguments.Prepend(DriverVersion.Name))}' is not understood: {string.Join(' ', errors)}",
            $"See '{DriverVersion.Name} --help'; the stages' arguments are in config.toml, [runners.custom]."),
        environment,
        new JobLog(Error));

    private int Guard(JobLog log, Func<int> run)
    {
        try
        {
            return run();
        }
#pragma warning disable CA1031 // The last place before the exit code; everything is sorted there.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return ExitCodes.For(e, environment, log);
        }
    }

    private async Task<int> GuardAsync(JobLog log, Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return ExitCodes.For(e, environment, log);
        }
    }

    /// <summary>What needs no image is not kept from working by one that has an error.</summary>
    public Settings LoadWithoutImages(string? configOption) =>
        Report.Settings = SettingsFile.LoadWithoutImages(SettingsPath.Decide(configOption, environment.Variables, DriverCommand.Here()));

    public string UriOf(Settings settings) =>
        LibvirtUri.Resolve(settings.Libvirt.Uri, environment.Variables, Environment.IsPrivilegedProcess);

    private ImageComposition Images(Settings settings, LeftoverComposition leftovers) => new(
        settings,
        leftovers,
        CloneStart(settings, leftovers),
        GuestShell(),
        Tools(),
        environment.Variables,
        _time);

    public CloneStart CloneStart(Settings settings, LeftoverComposition leftovers)
    {
        var hypervisor = leftovers.Hypervisors.At(leftovers.Hypervisors.Configured);
        var stopper = new DomainStopper(hypervisor, _time);
        var guestShell = GuestShell();
        var maker = new CloneMaker(hypervisor, new QemuImg(Tools()), stopper);
        var living = new LivingClones(settings.StateDir, hypervisor);
        var login = new LoginMaker(Tools());
        var cards = new CardCheck(guestShell);
        return new CloneStart(
            hypervisor,
            new AcceleratorProbe(hypervisor, settings.StateDir, _time),
            new CloneSource(hypervisor, stopper),
            leftovers.Admission(hypervisor),
            maker,
            new CloneSizing(settings.Limits),
            new WarmStart(
                hypervisor,
                guestShell,
                new TemplateFinder(hypervisor),
                new MemoryState(hypervisor, _time),
                maker,
                living,
                login,
                new IdentityChanger(guestShell, _time),
                cards,
                leftovers.Remover(hypervisor),
                _time),
            new ColdStart(hypervisor, guestShell, maker, living, login, cards, _time),
            GuestPreparation(),
            _time);
    }

    private GuestPreparation GuestPreparation() => new(
        new GuestTools(GuestShell(), new ToolEnvironment(environment.Variables)),
        new PrepareHook(GuestShell(), _time),
        names => TrustedJob.Variables(environment, names),
        () => (JobOutput.Output(), JobOutput.Error()));

    public SshGuestShell GuestShell() => new(Tools(), new ToolEnvironment(environment.Variables), _time);

    public ToolRunner Tools() => new(new ToolEnvironment(environment.Variables), _time);

    private static Dictionary<string, string> ReadEnvironment() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? string.Empty, StringComparer.Ordinal);
}
