using System.Collections;
using VmExecutor.Commands;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Files;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Observing;
using VmExecutor.Host.Processes;
using VmExecutor.Live;
using VmExecutor.Observing;
using VmExecutor.Stages;

namespace VmExecutor;

/// <summary>
/// One call of the program: its arguments' surroundings, the streams for its lines, the facts that it reports to the operator's log, and
/// the exit code of any outcome. From the configuration it makes the <see cref="Host.Machine"/> that stages and commands work on.
/// </summary>
internal sealed class Invocation(StageEnvironment environment, TextWriter output, TextWriter error, CancellationToken cancelled)
{
    private LiveStreams? _live;
    private StageReport? _report;

    public TextWriter Output => _live?.Output ?? output;

    /// <summary>The environment of the process; commands that need it ask here.</summary>
    public IReadOnlyDictionary<string, string> Variables => environment.Variables;

    public TimeProvider Time { get; } = TimeProvider.System;

    /// <summary>The variables that the runner set for this process.</summary>
    public StageEnvironment StageEnvironment => environment;

    /// <summary>The name of who calls it, for others to read.</summary>
    public string Person => Variables.GetValueOrDefault("SUDO_USER") is { Length: > 0 } person ? person : Environment.UserName;

    public TextWriter Error => _live?.Error ?? error;

    /// <summary>The facts that this process reports to the operator's log.</summary>
    public StageReport Report => _report ??= new StageReport(TimeProvider.System, () => Error);

    /// <summary>The warnings that this command has given already (<see cref="JobLog.WarnOnce"/>).</summary>
    public ISet<string> Said { get; } = new HashSet<string>(StringComparer.Ordinal);

    public static Invocation FromProcess(Signals signals)
    {
        var environment = ReadEnvironment();

        // Whatever asks for Console.Out from now on gets the same: libraries compare it, and lock it.
        Console.SetOut(StandardStreams.OutputWriter());
        Console.SetError(StandardStreams.ErrorWriter());
        return new(new StageEnvironment(environment), Console.Out, JournalWriter.Around(Console.Error, environment), signals.Token);
    }

    /// <exception cref="DriverException">It is missing or has errors.</exception>
    public ConfigurationResult Load(string? configOption)
    {
        var loaded = SettingsFile.Load(SettingsPath.Decide(configOption, environment.Variables, DriverCommand.Here()));
        Report.Settings = loaded.Settings;
        return loaded;
    }

    /// <summary>Runs a stage; every outcome ends in one of the contract's exit codes.</summary>
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
            // First of all: a number that an earlier sub-stage left would be taken for this one's (docs/runner-contract.md section 3).
            ExitCodes.Forget(environment);
            var job = Report.About(TrustedJob.Read(environment));
            using var machine = MachineWithoutImages(configOption);
            return ExitCodes.For(
                await new RunStage(machine, environment, Report, JobOutput.Output(), JobOutput.Error()).RunAsync(job, script(), subStage, log, new JobLog(Output), cancelled), environment);
        }));
    }

    /// <summary>An administrator's command: its own exit code, or 2 with the reason.</summary>
    public int GuardAdmin(Func<int> command) => Guard(new JobLog(Error), command);

    /// <inheritdoc cref="GuardAdmin"/>
    public Task<int> GuardAdminAsync(Func<CancellationToken, Task<int>> command) => GuardAsync(new JobLog(Error), () => command(cancelled));

    /// <summary>Long work of an administrator's command: while it goes on, a terminal shows what is done, how much of it, and for how long. Elsewhere there are lines only.</summary>
    /// <param name="work">The work, until a line says more: <c>publishing</c>.</param>
    /// <param name="command">The work itself; it writes to <see cref="Output"/> and <see cref="Error"/>.</param>
    public async Task<T> ShowAsync<T>(string work, Func<Task<T>> command)
    {
        if (_live is not null || !LiveScreen.IsOf(Variables, !Console.IsErrorRedirected))
        {
            return await command();
        }

        _live = LiveStreams.Begin(output, error, work, Time);
        try
        {
            return await command();
        }
        finally
        {
            _live.Dispose();
            _live = null;
        }
    }

    /// <inheritdoc cref="ShowAsync{T}"/>
    public Task ShowAsync(string work, Func<Task> command) => ShowAsync(work, async () =>
    {
        await command();
        return true;
    });

    /// <summary>Tells a terminal which action of long work is under way, and how much of it is done; elsewhere it is not told.</summary>
    public void Show(TransferAmount action) => _live?.Show(action);

    /// <inheritdoc cref="Show"/>
    /// <param name="what">The action, in words.</param>
    /// <param name="done">So many of its parts.</param>
    /// <param name="all">All of them.</param>
    public void ShowAmount(string what, int done, int all) => Show(TransferText.Amount(what, done, all));

    /// <summary>Leaves the terminal without the last line that shows long work, before the process is ended at once.</summary>
    public void EndShowing() => _live?.End();

    /// <summary>
    /// Refuses a command line that is not understood. It is a system failure also where a stage was meant: the operator must correct a
    /// wrong config.toml, and not the job's author.
    /// </summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="errors">What is wrong with it.</param>
    /// <param name="command">The command that was meant, as far as it was understood, in words; empty: none.</param>
    public int RefuseUsage(IEnumerable<string> arguments, IEnumerable<string> errors, string command) => ExitCodes.For(
        new SystemFailureException(
            ErrorCodes.UsageWrong,
            $"'{string.Join(' ', arguments.Prepend(DriverVersion.Name))}' is not understood: {string.Join(' ', errors)}",
            StageCommands.IsStage(command) || command.Length == 0
                ? $"See '{DriverVersion.Name} --help'; the stages' arguments are in config.toml, [runners.custom]."
                : $"See '{DriverVersion.Name} {command} --help'."),
        environment,
        new JobLog(Error));

    /// <summary>
    /// Says why the program ends, and gives the exit code, for a failure that nothing has caught: one of a thread of the background, or of what prints a text of help. .NET would end the program
    /// by SIGABRT, which is none of the contract's codes.
    /// </summary>
    /// <param name="failure">What was thrown.</param>
    public int FailUnhandled(Exception failure)
    {
        try
        {
            return ExitCodes.For(failure, environment, new JobLog(Error));
        }
#pragma warning disable CA1031 // Where not even this can be said, the code is all that is left to tell.
        catch (Exception)
#pragma warning restore CA1031
        {
            return environment.SystemFailureExitCode;
        }
    }

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

    /// <summary>The settings without the images, so that commands that need no image work when an image has an error.</summary>
    public Settings LoadWithoutImages(string? configOption) =>
        Report.Settings = SettingsFile.LoadWithoutImages(SettingsPath.Decide(configOption, environment.Variables, DriverCommand.Here()));

    public string UriOf(Settings settings) =>
        LibvirtUri.Resolve(settings.Libvirt.Uri, environment.Variables, Environment.IsPrivilegedProcess);

    /// <summary>The machine by this configuration; the caller disposes of it.</summary>
    public Machine Machine(Settings settings) => new(settings, environment.Variables, Time);

    /// <summary>The same by the configuration in force, with its images.</summary>
    public Machine Machine(string? configOption) => Machine(Load(configOption).Settings);

    /// <summary>The same for what needs no image.</summary>
    public Machine MachineWithoutImages(string? configOption) => Machine(LoadWithoutImages(configOption));

    public SshGuestShell GuestShell() => new(Tools(), new ToolEnvironment(environment.Variables), Time);

    public ToolRunner Tools() => new(new ToolEnvironment(environment.Variables), Time);

    private static Dictionary<string, string> ReadEnvironment() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? string.Empty, StringComparer.Ordinal);
}
