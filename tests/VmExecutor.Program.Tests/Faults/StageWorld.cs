using System.Text.RegularExpressions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Keeping;
using VmExecutor.Observing;
using VmExecutor.Publishing;
using VmExecutor.Stages;
using VmExecutor.Starting;
using VmExecutor.Trials.DryRuns;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>
/// A host for stages in one process: real files and real locks; libvirt, qemu-img, ssh and the process table are stand-ins that
/// remember. Every call to one of them passes <see cref="Gate"/>.
/// </summary>
internal sealed partial class StageWorld : IDisposable
{
    private readonly List<Machine> _processes = [];

    /// <param name="stateDir">Null: in a directory of the world's own.</param>
    public StageWorld(AbsolutePath? stateDir = null)
    {
        StateDir = stateDir ?? Root.Child("state");
        Directory.CreateDirectory(StateDir.Value);
        Directory.CreateDirectory(TemporaryDirectory);
        File.WriteAllText(Root.Child("key").Value, "key");
        File.WriteAllText(Root.Child("base.qcow2").Value, "disk");
        Hypervisor.Gate = GuestShell.Gate = QemuImg.Gate = Processes.Gate = (call, after, token) => Gate?.Invoke(call, after, token) ?? Task.CompletedTask;
        File.WriteAllText(Root.Child("base.yaml").Value, "name: base\n");
        File.WriteAllText(Root.Child("vm-executor.yaml").Value, "images_dir: images\n");
        GuestShell.Opened = OpenMaster;
        GuestShell.Closed = CloseMaster;
    }

    public AbsolutePath Root { get; } = new(Directory.CreateTempSubdirectory("vmx-world-").FullName);

    public AbsolutePath StateDir { get; }

    public string TemporaryDirectory => Root.Child("tmp").Value;

    public FakeHypervisor Hypervisor { get; } = new() { StartShowsWithin = TimeSpan.FromMilliseconds(10) };

    public FakeGuestShell GuestShell { get; } = new();

    public FakeQemuImg QemuImg { get; } = new();

    public FakeJobProcesses Processes { get; } = new();

    public StringWriter Log { get; } = new();

    /// <summary>The call, whether it has taken effect, the caller's token.</summary>
    public Func<string, bool, CancellationToken, Task>? Gate { get; set; }

    /// <summary>The runner's process; by default this process, which lives.</summary>
    public RunnerProcess Runner { get; set; } = ProcessTable.Self();

    public LimitSettings Limits { get; set; } = new();

    public NetworkSettings Network { get; set; } = new();

    /// <summary>The job's egress policy.</summary>
    public EgressPolicy? Egress { get; set; }

    public ImageSource? Source { get; set; }

    public Accelerator Accelerator { get; set; } = Accelerator.Auto;

    /// <summary>The sizes that the job asks for.</summary>
    public RequestedSizes Wanted { get; set; } = new();

    public IReadOnlyList<string> Services { get; set; } = [];

    /// <summary>The image's settings for them.</summary>
    public ServiceSettings ContainerServices { get; set; } = new();

    /// <summary>The sizes that the image allows.</summary>
    public SizeSettings Sizes { get; set; } = new();

    public WarmSettings Warm { get; set; } = new();

    /// <summary>The time for which the scripts of a failed job stay on the host.</summary>
    public KeepScriptsSettings KeepScripts { get; set; } = new();

    /// <summary>The file to which the numbers are written after each cleanup.</summary>
    public MetricsSettings Metrics { get; set; } = new();

    public TimeoutSettings Timeouts { get; set; } = new();

    public bool WaitForCloudInit { get; set; } = true;

    public HostKeyPin Pin { get; set; } = HostKeyPin.Image;

    /// <summary>The settings for keeping the VM of a failed job.</summary>
    public KeepSettings KeepFailed { get; set; } = new();

    public StartChoice Start { get; set; }

    public Generation? Generation { get; private set; }

    public Template? Template { get; private set; }

    public const string JobName = "unit: [a]";

    public static JobKey Key { get; } = new("https://gitlab.example.com", "abc", 1);

    /// <summary>The jobs of this world.</summary>
    public List<JobKey> Keys { get; } = [Key];

    public JobDirectory JobDirectory => JobDirectory.Of(StateDir, Key);

    public Task PrepareAsync(CancellationToken cancellationToken = default) => PrepareAsync(Key, cancellationToken);

    public async Task PrepareAsync(JobKey key, CancellationToken cancellationToken)
    {
        using var machine = Process();
        var plan = Plan(key);
        var stamp = plan.Stamp(Runner, new AbsolutePath(TemporaryDirectory), HostClock.Now(), DateTimeOffset.UtcNow);
        await new PrepareStage(machine, Nothing, Report()).MakeAsync(plan, stamp, Run(key, machine, TextWriter.Synchronized(Log)), cancellationToken);
    }

    /// <summary>The dry run's words on the job's VM.</summary>
    public async Task<MachineOutlook> ForecastAsync()
    {
        using var machine = Process();
        var plan = Plan(Key);
        return await new MachineForecast(machine, null, Log.WriteLine).LookAsync(new ImageMatch(plan.Image, Pattern: null, IsDefault: false), plan, [], CancellationToken.None);
    }

    /// <summary>Probes the image's generation as publishing does before jobs get it.</summary>
    public async Task<ProbeRecord> ProbeAsync()
    {
        using var machine = Process();
        return await new Probe(machine).RunAsync(Plan(Key).Image, Generation!, new JobLog(Log), CancellationToken.None);
    }

    /// <summary>A published generation of the image with a template, from which jobs wake up from now on.</summary>
    public async Task WarmAsync()
    {
        using var machine = Process();
        (Generation, Template) = await WarmImage.MakeAsync(this, CloneLook.ForStart(machine, new JobLog(TextWriter.Null)));
        Warm = Warm with { Enabled = true };
    }

    /// <summary>Does what the run stage does when a script has failed.</summary>
    public async Task FailAsync(JobKey key, string subStage = "build_script")
    {
        using var machine = Process();
        await new KeepOffer(machine).MakeAsync(Run(key, machine, Log), subStage);
    }

    /// <summary>Does what the cleanup of a job does first.</summary>
    public async Task<bool> TryKeepAsync(JobKey key, CancellationToken cancellationToken = default)
    {
        using var machine = Process();
        var cleanup = new KeepAtCleanup(machine, () => JobSecrets.Read("""{"token": "glcbt-64_secret"}"""u8.ToArray()));
        return await cleanup.TryAsync(Run(key, machine, Log), "failed", cancellationToken);
    }

    /// <summary>A script in the guest.</summary>
    public async Task<int> RunScriptAsync()
    {
        using var machine = Process();
        var script = Root.Child("script");
        await File.WriteAllTextAsync(script.Value, "true\n");
        return (await TestMachine.RunStage(machine).RunAsync(Plan(Key).Job, script, "build_script", new JobLog(Log), new JobLog(Log), CancellationToken.None)).ExitCode;
    }

    /// <summary>The cleanup stage with all that it does beside removing.</summary>
    public async Task CleanupWithKeepingAsync()
    {
        using var machine = Process();
        await new CleanupStage(machine, Nothing, Report()).RunAsync(Plan(Key).Job, new JobLog(Log), CancellationToken.None);
    }

    public Task CleanupAsync(CancellationToken cancellationToken = default) => CleanupAsync(Key, cancellationToken);

    public async Task CleanupAsync(JobKey key, CancellationToken cancellationToken)
    {
        using var machine = Process();
        await new CleanupStage(machine, Nothing, Report()).RemoveAsync(Run(key, machine, Log), "success", cancellationToken);
    }

    public async Task<Collection> CollectAsync(bool dryRun = false, CancellationToken cancellationToken = default)
    {
        using var machine = Process();
        return await machine.Collector.CollectAsync(dryRun, cancellationToken);
    }

    public Task<Survey> SurveyAsync() => Process().Survey.TakeAsync(CancellationToken.None);

    /// <summary>The runner has deleted its directory of the attempt, as it does after cleanup.</summary>
    public void DeleteTemporaryDirectory() => Directory.Delete(TemporaryDirectory);

    /// <summary>A killed process holds no locks, and its probe has no owner any more.</summary>
    public void Bury()
    {
        _processes.ForEach(machine => machine.Locks.Dispose());
        BuryFills();
        foreach (var name in Hypervisor.Domains.Keys.Where(name => name.StartsWith("vmx-probe-", StringComparison.Ordinal)).ToList())
        {
            Hypervisor.Domains[name] = Regex.Replace(Hypervisor.Domains[name], "runner-start=\"[0-9]+\"", "runner-start=\"1\"");
        }
    }

    public IReadOnlyList<LedgerEntry> Ledger() =>
        File.Exists(StateDir.Child("ledger.jsonl").Value) ? [.. File.ReadLines(StateDir.Child("ledger.jsonl").Value).Select(line => LedgerEntry.TryParse(line)!)] : [];

    /// <summary>All that is there of any job: domains, processes, files.</summary>
    public IReadOnlyList<string> Left()
    {
        var jobs = JobPaths.Jobs(StateDir).Value;
        return
        [
            .. Hypervisor.Domains.Keys.Where(name => name.StartsWith("vmx-", StringComparison.Ordinal)),
            .. Processes.Running.Select(process => process.ToString()),
            .. Directory.Exists(jobs) ? Directory.GetFileSystemEntries(jobs, "*", SearchOption.AllDirectories) : [],
            .. Directory.GetFiles(StateDir.Value, "*.tmp", SearchOption.AllDirectories),
        ];
    }

    public void Dispose()
    {
        Bury();
        EndMasters();
        Hypervisor.Dispose();
        Log.Dispose();
        Directory.Delete(Root.Value, recursive: true);
    }

    internal ClonePlan Plan(JobKey key) => new()
    {
        Start = Start,
        CardSeed = "",
        Generation = Generation,
        Egress = Egress,
        HasProxyAlone = EgressNeeds.IsByProxy(Hypervisor.Uri),
        Job = new Job
        {
            Key = key,
            Id = 1,
            Server = "https://gitlab.example.com",
            Name = JobName,
            ProjectPath = "group/project",
            Image = "base",
            Sizes = Wanted,
            Services = Services,
            Timeout = TimeSpan.FromHours(1),
        },
        Paths = JobPaths.For(StateDir, key),
        Image = new ImageDefinition
        {
            File = Root.Child("base.yaml"),
            Name = new ImageName("base"),
            Network = Network,
            Warm = Warm,
            Standby = Standby,
            Timeouts = Timeouts,
            WaitForCloudInit = WaitForCloudInit,
            KeepFailed = KeepFailed,
            Services = ContainerServices,
            Accelerator = Accelerator,
            Sizes = Sizes,
            Source = Source ?? new ImageSource.DiskFile(Root.Child("base.qcow2")),
            Ssh = new SshSettings { User = "ci", Key = Root.Child("key"), Pin = Pin },
        },
    };

    private Settings Settings => new()
    {
        File = Root.Child("vm-executor.yaml"),
        StateDir = StateDir,
        Images = [],
        Limits = Limits,
        KeepScripts = KeepScripts,
        Metrics = Metrics,
    };

    private static StageEnvironment Nothing => new(new Dictionary<string, string>());

    private static StageReport Report() => new(TimeProvider.System, () => TextWriter.Null);

    private static JobRun Run(JobKey key, Machine machine, TextWriter log) => new(key, machine, new JobLog(log));

    /// <summary>The machine of one stage; its end releases its locks, and leaves libvirt and the processes as they are.</summary>
    private Machine Process()
    {
        var machine = new Machine(Settings, new Dictionary<string, string>(), TimeProvider.System)
        {
            Hypervisors = new Hypervisors(Hypervisor.Uri, _ => Hypervisor),
            GuestShell = GuestShell,
            Tools = QemuImg,
            Processes = Processes,
            Kvm = null,
        };
        lock (_processes)
        {
            _processes.Add(machine);
        }

        return machine;
    }
}
