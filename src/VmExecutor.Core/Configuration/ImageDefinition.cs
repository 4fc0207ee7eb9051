using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>One file of <c>images/</c>: a base image that jobs can ask for, and how its clones are run.</summary>
public sealed record ImageDefinition
{
    /// <summary>The file this definition was read from.</summary>
    public required AbsolutePath File { get; init; }

    public required ImageName Name { get; init; }

    public required ImageSource Source { get; init; }

    /// <summary>Globs of what else a job may write for this image after <c>image:</c>; names go before patterns.</summary>
    public IReadOnlyList<string> Patterns { get; init; } = [];

    public AccessSettings Allow { get; init; } = new();

    /// <summary>Virtual processors; null: what the source domain has, or 1 for a file.</summary>
    public OrAuto<int>? Cpus { get; init; }

    /// <summary>Guest memory; null: what the source domain has, or 1 GiB for a file.</summary>
    public OrAuto<ByteSize>? Memory { get; init; }

    public SizeSettings Sizes { get; init; } = new();

    public PublishSettings Publish { get; init; } = new();

    public WarmSettings Warm { get; init; } = new();

    public StandbySettings Standby { get; init; } = new();

    /// <summary>Null: none.</summary>
    public HookSettings? PrepareHook { get; init; }

    public ServiceSettings Services { get; init; } = new();

    /// <summary>Null: its clones are no services.</summary>
    public ServiceVmSettings? Service { get; init; }

    public IReadOnlyList<ToolSettings> Tools { get; init; } = [];

    /// <summary>The shell that runs the job's scripts in the guest; the config stage tells it to the runner.</summary>
    public GuestShell Shell { get; init; } = GuestShell.Bash;

    public required SshSettings Ssh { get; init; }

    public Accelerator Accelerator { get; init; } = Accelerator.Auto;

    public NetworkSettings Network { get; init; } = new();

    public EgressSettings Egress { get; init; } = new();

    /// <summary>Parts of the source's definition that its clones get though they would be refused, each by its row of the table of parts or its path.</summary>
    public IReadOnlySet<string> AllowParts { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    public DiskSettings Disks { get; init; } = new();

    /// <summary>The disks that keep checkouts and caches of projects.</summary>
    public ProjectDiskSettings ProjectDisk { get; init; } = new();

    public StopSettings Stop { get; init; } = new();

    public KeepSettings KeepFailed { get; init; } = new();

    public TimeoutSettings Timeouts { get; init; } = new();

    /// <summary>True: prepare waits for a guest's cloud-init before a job, and before a template is frozen.</summary>
    public bool WaitForCloudInit { get; init; } = true;

    public string BuildsDir { get; init; } = "/builds";

    public string CacheDir { get; init; } = "/cache";

    internal static readonly ImageDefinition Blank = new()
    {
        File = new AbsolutePath("/"),
        Name = new ImageName("unset"),
        Source = new ImageSource.Domain("unset"),
        Ssh = SshSettings.Keys.Blank,
    };

    /// <summary>The keys that can have a default for all images.</summary>
    internal static readonly Section<ImageDefinition> SharedKeys = new Section<ImageDefinition>(Blank) { BelongsTo = name => Keys?.Find(name) is null ? null : "in the file of each image, since it cannot have a default" }
        .Mapping("allow", AccessSettings.Keys, "Which jobs may use the image.", it => it.Allow, (it, value) => it with { Allow = value })
        .Key("cpus", Kinds.OrAuto(SizeSettings.CpuKind),
            "Virtual processors of a clone. auto: those of the host divided by 'limits: max_vms'.",
            "4", it => it.Cpus, (it, value) => it with { Cpus = value }, otherwise: "what the source domain has; else 1")
        .Key("memory", Kinds.OrAuto(SizeSettings.MemoryKind),
            "Memory of a clone. auto: that of the host, without 'limits: memory_headroom', divided by 'limits: max_vms'.",
            "2GiB", it => it.Memory, (it, value) => it with { Memory = value }, otherwise: "what the source domain has; else 1GiB")
        .Mapping("sizes", SizeSettings.Keys, "What a job may choose by VM_CPUS, VM_MEMORY and VM_DISK.", it => it.Sizes, (it, value) => it with { Sizes = value })
        .Key("shell", Kinds.Choice<GuestShell>(),
            "The shell in the guest that runs the scripts of a job.",
            "sh", it => it.Shell, (it, value) => it with { Shell = value })
        .Mapping("ssh", SshSettings.Keys, "How to get into a guest of this image.", it => it.Ssh, (it, value) => it with { Ssh = value })
        .Key("accelerator", Kinds.Choice<Accelerator>(),
            "What executes the guest. auto: KVM if a start with it really works, else TCG with a warning. tcg: emulation, ten to thirty times slower.",
            "kvm", it => it.Accelerator, (it, value) => it with { Accelerator = value })
        .Mapping("network", NetworkSettings.Keys, "What the clone's network card is connected to.", it => it.Network, (it, value) => it with { Network = value })
        .Mapping("egress", EgressSettings.Keys, "The destinations that guests may reach, by name and by network.", it => it.Egress, (it, value) => it with { Egress = value })
        .Mapping("disks", DiskSettings.Keys, "How the clone's overlays are written.", it => it.Disks, (it, value) => it with { Disks = value })
        .Mapping("project_disk", ProjectDiskSettings.Keys,
            "A disk for each project, on which its checkouts and caches stay from job to job.", it => it.ProjectDisk, (it, value) => it with { ProjectDisk = value })
        .Mapping("stop", StopSettings.Keys, "How cleanup ends a clone.", it => it.Stop, (it, value) => it with { Stop = value })
        .Mapping("keep_failed", KeepSettings.Keys,
            "Whether the VM of a failed job stays, without the job's secrets, for people who want to look.", it => it.KeepFailed, (it, value) => it with { KeepFailed = value })
        .Mapping("timeouts", TimeoutSettings.Keys, "How long each wait of prepare may take.", it => it.Timeouts, (it, value) => it with { Timeouts = value })
        .Mapping("publish", PublishSettings.Keys, "How a new generation of the image is made and tried.",
            // A default for all images means those whose disks have a place of their own.
            it => it.Publish, (it, value) => it with { Publish = value with { InPlace = value.InPlace && it.Source is (ImageSource.Domain or ImageSource.DiskFile) } })
        .Mapping("warm", WarmSettings.Keys,
            "Whether clones wake up from a template instead of booting, and how templates are made.", it => it.Warm, (it, value) => it with { Warm = value })
        .Mapping("standby", StandbySettings.Keys,
            "How many clones are made before there is a job for them, so that a job starts at once.", it => it.Standby, (it, value) => it with { Standby = value })
        .Mapping("prepare_hook", HookSettings.Keys, "A script of the administrator that runs in the guest before the job.",
            it => it.PrepareHook ?? HookSettings.None, (it, value) => it with { PrepareHook = ReferenceEquals(value, HookSettings.None) ? null : value })
        .Mapping("services", ServiceSettings.Keys, "How a job's 'services:' are started as containers in its guest.", it => it.Services, (it, value) => it with { Services = value })
        .OneOrMore("tools", Kinds.Tool,
            "Files and directories of the host that the guest gets; without a path in the guest they go to /usr/local/bin.",
            "/opt/ci/tools:/opt/ci", it => it.Tools, (it, value) => it with { Tools = value }, otherwise: "nothing")
        .Key("wait_for_cloud_init", Kinds.Switch,
            "Whether a guest whose cloud-init is still at work is waited for, before a job and before a template is frozen. Nothing is waited for "
            + "in a guest without cloud-init.",
            "false", it => it.WaitForCloudInit, (it, value) => it with { WaitForCloudInit = value })
        .Key("builds_dir", Kinds.GuestPath,
            "Where the runner checks projects out in the guest.",
            "/home/ci/builds", it => it.BuildsDir, (it, value) => it with { BuildsDir = value })
        .Key("cache_dir", Kinds.GuestPath,
            "Where the runner keeps caches in the guest.",
            "/home/ci/cache", it => it.CacheDir, (it, value) => it with { CacheDir = value });

    /// <summary>The keys of <c>images/*.yaml</c>.</summary>
    internal static readonly Section<ImageDefinition> Keys = new Section<ImageDefinition>(Blank) { BelongsTo = name => Settings.Keys.Find(name) is null ? null : "in vm-executor.yaml" }
        .Key("name", Kinds.ImageName,
            "What a job writes after 'image:'.",
            "debian-12", it => it.Name, (it, value) => it with { Name = value }, otherwise: "the file's name without .yaml")
        .OneOrMore("patterns", Kinds.Glob,
            "What else a job may write for this image: * is any run of characters, ? any one. Names of images go first, then patterns in the order of the files.",
            "debian:12*", it => it.Patterns, (it, value) => it with { Patterns = value }, otherwise: "only the name")
        .Mapping("service", ServiceVmSettings.Keys, "The image as a service of jobs: with any of these keys, a job whose 'services:' name the image gets a VM of it beside its own.",
            it => it.Service ?? ServiceVmSettings.None, (it, value) => it with { Service = ReferenceEquals(value, ServiceVmSettings.None) ? null : value })
        .And(ImageSource.KeysOf(Blank))
        .And(SharedKeys);
}

/// <summary>A size that is either said or the host's share of one VM.</summary>
/// <param name="Said">Null: auto, the host divided by <see cref="LimitSettings.MaxVms"/>.</param>
public readonly record struct OrAuto<T>(T? Said)
    where T : struct;

/// <summary>The shell that the runner writes its scripts for; the names are the runner's own.</summary>
public enum GuestShell
{
    Bash,
    Sh,
    Pwsh,
}

/// <summary>The program or hardware that executes the guest's instructions.</summary>
public enum Accelerator
{
    /// <summary>KVM if a start with a processor really works, else TCG with a warning.</summary>
    Auto,
    Kvm,

    /// <summary>QEMU's emulation: works everywhere, some ten to thirty times slower.</summary>
    Tcg,
}
