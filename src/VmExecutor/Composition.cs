using System.Collections;
using VmExecutor.Commands;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Configuration;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Guests.Identity;
using VmExecutor.Host.Guests.Login;
using VmExecutor.Host.Guests.Preparation;
using VmExecutor.Host.Health;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Templates;
using VmExecutor.Observing;
using VmExecutor.Stages;

namespace VmExecutor;

/// <summary>
/// Puts the parts together by hand, each command with just what it needs: a stage process lives for milliseconds. Here is what they have in
/// common; <see cref="StageComposition"/>, <see cref="ImageComposition"/> and the others have the rest.
/// </summary>
internal sealed class Composition(StageEnvironment environment, TextWriter output, TextWriter error, CancellationToken cancelled)
{
    public TextWriter Output { get; } = output;

    /// <summary>Of the process; where a command needs to know it, it asks here.</summary>
    public IReadOnlyDictionary<string, string> Variables => environment.Variables;

    public TimeProvider Time { get; } = TimeProvider.System;

    /// <summary>What the runner said to this process.</summary>
    public StageEnvironment StageEnvironment => environment;

    public TextWriter Error { get; } = error;

    /// <summary>What this process tells the operator's log.</summary>
    public StageReport Report { get; } = new(TimeProvider.System, error);

    /// <summary>The warnings that this command has given already (<see cref="JobLog.WarnOnce"/>).</summary>
    public ISet<string> Said { get; } = new HashSet<string>(StringComparer.Ordinal);

    public static Composition FromProcess(Signals signals) =>
        new(new StageEnvironment(ReadEnvironment()), Console.Out, Console.Error, signals.Token);

    /// <exception cref="DriverException">It is missing or has errors.</exception>
    public ConfigurationResult Load(string? configOption)
    {
        var loaded = SettingsFile.Load(SettingsPath.Decide(configOption, environment.Variables, DriverCommand.Here()));
        Report.Settings = loaded.Settings;
        return loaded;
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
            return ExitCodes.For(await new StageComposition(this, configOption).RunAsync(Report.About(TrustedJob.Read(environment)), script(), subStage, log, cancelled), environment);
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

    public LeftoverComposition Leftovers(Settings settings) => new(settings, UriOf(settings), Time);

    public CloneStart CloneStart(Settings settings, LeftoverComposition leftovers)
    {
        var hypervisor = leftovers.Hypervisors.At(leftovers.Hypervisors.Configured);
        var stopper = new DomainStopper(hypervisor, Time);
        var guestShell = GuestShell();
        var maker = new CloneMaker(hypervisor, new QemuImg(Tools()), stopper);
        var living = new LivingClones(settings.StateDir, hypervisor);
        var login = new LoginMaker(Tools());
        return new CloneStart(
            hypervisor,
            new AcceleratorProbe(hypervisor, settings.StateDir, Time, KvmFiles.Read),
            new CloneSource(hypervisor, stopper),
            leftovers.Admission(hypervisor),
            maker,
            new CloneSizing(settings.Limits),
            new WarmStart(
                hypervisor,
                guestShell,
                new TemplateFinder(hypervisor),
                new MemoryState(hypervisor, Time),
                maker,
                living,
                login,
                new IdentityChanger(guestShell, Time),
                leftovers.Remover(hypervisor),
                Time),
            new ColdStart(hypervisor, guestShell, maker, living, login, Time),
            GuestPreparation(),
            Time);
    }

    private GuestPreparation GuestPreparation() => new(
        new CloudInitWait(GuestShell(), Time),
        new GuestTools(GuestShell(), new ToolEnvironment(environment.Variables)),
        new PrepareHook(GuestShell(), Time),
        names => TrustedJob.Variables(environment, names),
        () => (JobOutput.Output(), JobOutput.Error()));

    public SshGuestShell GuestShell() => new(Tools(), new ToolEnvironment(environment.Variables), Time);

    public ToolRunner Tools() => new(new ToolEnvironment(environment.Variables), Time);

    private static Dictionary<string, string> ReadEnvironment() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? string.Empty, StringComparer.Ordinal);
}
