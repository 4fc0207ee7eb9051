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

    /// <summary>Null: none.</summary>
    public HookSettings? PrepareHook { get; init; }

    public IReadOnlyList<ToolSettings> Tools { get; init; } = [];

    /// <summary>Which shell runs the job's scripts in the guest; told to the runner by the config stage.</summary>
    public GuestShell Shell { get; init; } = GuestShell.Bash;

    public required SshSettings Ssh { get; init; }

    public Accelerator Accelerator { get; init; } = Accelerator.Auto;

    public NetworkSettings Network { get; init; } = new();

    /// <summary>Parts of the source's definition that its clones get though they would be refused, each by its row of the table of parts or its path.</summary>
    public IReadOnlySet<string> AllowParts { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    public DiskSettings Disks { get; init; } = new();

    public StopSettings Stop { get; init; } = new();

    public KeepSettings KeepFailed { get; init; } = new();

    public TimeoutSettings Timeouts { get; init; } = new();

    /// <summary>Whether a guest whose cloud-init is still at work is waited for, before a job or the freezing of a template.</summary>
    public bool WaitForCloudInit { get; init; } = true;

    /// <summary>Where the runner checks projects out in the guest.</summary>
    public string BuildsDir { get; init; } = "/builds";

    /// <summary>Where the runner keeps caches in the guest.</summary>
    public string CacheDir { get; init; } = "/cache";
}

/// <summary>A size that is either said or the host's share of one VM.</summary>
/// <param name="Said">Null: auto, the host divided by <see cref="LimitSettings.MaxVms"/>.</param>
public readonly record struct OrAuto<T>(T? Said)
    where T : struct;

/// <summary>Which shell's scripts the runner makes; the names are the runner's own.</summary>
public enum GuestShell
{
    Bash,
    Sh,
    Pwsh,
}

/// <summary>What executes the guest's instructions.</summary>
public enum Accelerator
{
    /// <summary>KVM if a start with a processor really works, else TCG with a warning.</summary>
    Auto,
    Kvm,

    /// <summary>QEMU's emulation: works everywhere, some ten to thirty times slower.</summary>
    Tcg,
}
