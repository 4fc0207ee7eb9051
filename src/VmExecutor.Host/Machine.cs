using VmExecutor.Core.Configuration;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Egress;
using VmExecutor.Host.Firewall;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Guests.Preparation;
using VmExecutor.Host.Health;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Observing;
using VmExecutor.Host.Processes;
using VmExecutor.Host.ProjectDisks;
using VmExecutor.Host.Runner;
using VmExecutor.Host.Standby;
using VmExecutor.Host.Users;

namespace VmExecutor.Host;

/// <summary>
/// The machine that the driver works on, by one configuration. Each part is made when it is first used, since a stage's process lives for
/// milliseconds, and is the same from then on, also for those who ask for it at once. A part's constructor names the parts it needs; only whole flows (a stage, a start, a collection)
/// are given the machine. The seams can be set by tests.
/// </summary>
/// <param name="settings">The configuration.</param>
/// <param name="variables">The environment of the process.</param>
/// <param name="time">The clock.</param>
public sealed class Machine(Settings settings, IReadOnlyDictionary<string, string> variables, TimeProvider time) : IDisposable
{
    private Hypervisors? _hypervisors;
    private StateLocks? _locks;

    public Settings Settings { get; } = settings;

    public AbsolutePath StateDir => Settings.StateDir;

    /// <summary>The environment of the process.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; } = variables;

    public TimeProvider Time { get; } = time;

    /// <summary>Seam: the libvirt connections.</summary>
    public Hypervisors Hypervisors
    {
        get => Made(ref _hypervisors, () => new Hypervisors(
            LibvirtUri.Resolve(Settings.Libvirt.Uri, Variables, Environment.IsPrivilegedProcess), uri => new LibvirtHypervisor(uri, Settings.Libvirt.CallTimeout, Time)));
        init => _hypervisors = value;
    }

    /// <summary>Seam: starts external programs.</summary>
    public IToolRunner Tools { get => Made(ref field, () => new ToolRunner(ToolEnvironment, Time)); init; }

    /// <summary>Seam: runs commands in guests.</summary>
    public IGuestShell GuestShell { get => Made(ref field, () => new SshGuestShell(Tools, ToolEnvironment, Time)); init; }

    /// <summary>Seam: the processes of jobs.</summary>
    public IJobProcesses Processes { get => Made(ref field, () => new JobProcesses(StateDir, Time)); init; }

    /// <summary>Seam: reads the kernel's facts about KVM; null: none, and a start decides.</summary>
    public Func<KvmFiles>? Kvm { get; init; } = KvmFiles.Read;

    /// <summary>libvirt, by the configured URI.</summary>
    public IHypervisor Hypervisor => Hypervisors.At(Hypervisors.Configured);

    public ToolEnvironment ToolEnvironment => Made(ref field, () => new ToolEnvironment(Variables));

    /// <summary>The machine that GitLab Runner runs on.</summary>
    public RunnerHost RunnerHost => Made(ref field, () => RunnerHost.FromEnvironment(Variables));

    /// <summary>Delivers the <c>tools</c> of an image.</summary>
    public GuestTools GuestTools => Made(ref field, () => new GuestTools(GuestShell, ToolEnvironment, RunnerHost));

    public StateLocks Locks => Made(ref _locks, () => new StateLocks(StateDir, Time));

    public LedgerFile Ledger => Made(ref field, () => new LedgerFile(StateDir, Locks));

    public LearnedMemory Learned => Made(ref field, () => new LearnedMemory(StateDir, Locks));

    public Catalogue Catalogue => Made(ref field, () => new Catalogue(StateDir));

    public QemuImg QemuImg => Made(ref field, () => new QemuImg(Tools));

    public DomainStopper Stopper => Made(ref field, () => new DomainStopper(Hypervisor, Time));

    public CloneSource CloneSource => Made(ref field, () => new CloneSource(Hypervisor, Stopper));

    public CloneMaker CloneMaker => Made(ref field, () => new CloneMaker(Hypervisor, QemuImg, Stopper));

    public LivingClones LivingClones => Made(ref field, () => new LivingClones(StateDir, Hypervisor, Locks));

    public GenerationMaker GenerationMaker => Made(ref field, () => new GenerationMaker(StateDir, QemuImg, new DiskCopier(ToolEnvironment, Time)));

    public ImageKeeper ImageKeeper => Made(ref field, () => new ImageKeeper(Catalogue, GenerationMaker, new GenerationRemover(StateDir), Locks));

    public AcceleratorProbe AcceleratorProbe => Made(ref field, () => new AcceleratorProbe(Hypervisor, StateDir, Time, Kvm));

    /// <summary>The disks of projects.</summary>
    public DiskStore ProjectDisks => Made(ref field, () => new DiskStore(StateDir, Locks, new DiskImages(Tools), Time));

    public DiskKeeper DiskKeeper => Made(ref field, () => new DiskKeeper(StateDir, ProjectDisks, Locks, Time));

    /// <summary>The order that this host takes no more jobs.</summary>
    public HostDrain Drain => Made(ref field, () => new HostDrain(StateDir));

    public Admission Admission =>
        Made(ref field, () => new Admission(Settings, Locks, new ClaimSurvey(StateDir, Locks, Processes, Hypervisor), Users, StandbyKeeper.GiveUpOneAsync, Time));

    /// <summary>Keeps guests off this host's own services.</summary>
    public GuestWall Wall => Made(ref field, () => new GuestWall(Settings.Firewall, Hypervisor, Users, Tools, Time));

    /// <summary>The egress policies of VMs.</summary>
    public EgressWall Egress => Made(ref field, () => new EgressWall(Hypervisor.Uri, Users, Tools, Time));

    /// <summary>The users that clones run as, at the configured libvirt.</summary>
    public VmUsers Users => Made(ref field, () => VmUsers.At(Hypervisors.Configured, Settings.Libvirt, Time));

    public LeftoverJudge Judge => Made(ref field, () => new LeftoverJudge(StateDir, Time, HostClock.Now));

    public JobSurvey Survey => Made(ref field, () => new JobSurvey(StateDir, Hypervisors, Processes, Judge, Time));

    /// <summary>Finds the clone of a job.</summary>
    public TakenLinks Taken => Made(ref field, () => new TakenLinks(StateDir));

    public StandbyShelf Standby => Made(ref field, () => new StandbyShelf(StateDir));

    public StandbyKeeper StandbyKeeper => Made(ref field, () => new StandbyKeeper(this));

    public LeftoverCollector Collector => Made(ref field, () => new LeftoverCollector(this));

    public QuickCollection QuickCollection => Made(ref field, () => new QuickCollection(Collector, Time));

    /// <summary>Removes the clones of jobs whose record names this libvirt; null: the configured one.</summary>
    /// <param name="uri">The record's.</param>
    /// <param name="atEnd">Looks after what the job's own VM has left; null: it goes.</param>
    public CloneRemover RemoverAt(string? uri, Func<JobDirectory, CancellationToken, Task<ProjectDiskNote?>>? atEnd = null)
    {
        var hypervisor = Hypervisors.At(uri ?? Hypervisors.Configured);
        return new CloneRemover(hypervisor, new DomainStopper(hypervisor, Time), Processes, Time) { Egress = Egress, AtEnd = atEnd };
    }

    /// <summary>Releases the locks that were taken here and closes the connections.</summary>
    public void Dispose()
    {
        _locks?.Dispose();
        _hypervisors?.Dispose();
    }

    /// <summary>The same part for all that ask at once: a job's VMs start side by side, and so do the checks of <c>doctor</c>.</summary>
    private static T Made<T>(ref T? part, Func<T> make)
        where T : class => LazyInitializer.EnsureInitialized(ref part, make);
}
