using System.Globalization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration.Binding.Kinds;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The keys of <c>images/*.yaml</c>.</summary>
internal static partial class ImageKeys
{
    private static readonly ImageDefinition Blank = Binding.Blank.Image;

    private static readonly Condition WithDomain = new("source", "domain");
    private static readonly Condition WithFile = new("source", "file");
    private static readonly Condition WithKernel = new("kernel", null);

    private static readonly Section Ssh = new(
    [
        new("user", new TextKind("user name") { Pattern = UserName(), Rule = "up to 32 letters, digits, '_', '.' and '-', beginning with a letter or '_'" },
            "The user that scripts run as in the guest.", "ci") { Required = true },
        new("key", new PathKind(),
            "Private key file that lets this user in; readable by its owner only.", "/etc/vm-executor/keys/ci_ed25519") { Required = true },
        new("port", new WholeNumberKind(1, 65535),
            "Port of the ssh server in the guest.", "2222") { Default = Blank.Ssh.Port.ToString(CultureInfo.InvariantCulture) },
        new("host_key", new OneOrMoreKind(new HostKeyKind()),
            "The guest's public host keys, as in its /etc/ssh/ssh_host_ed25519_key.pub. A guest that shows another key is refused.",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJnVvDTBeyXyXEOiFf6sEv0fs3+3mWtp0gWbAkMeM29V")
        { Otherwise = "the key of the first contact is pinned for the job; nobody protects that first contact" },
    ]);

    private static readonly Section Network = new(
    [
        new("mode", new ChoiceKind<NetworkMode>(),
            "user: a network of its own for each clone, reached by a loopback port of the host; no root, no bridge. libvirt: a network that libvirt knows.",
            "libvirt") { Default = Word(Blank.Network.Mode) },
        new("name", new TextKind("network name") { Rule = "the name that 'virsh net-list' shows" },
            "The libvirt network, as 'virsh net-list' shows it.", "ci") { Default = Blank.Network.Name, OnlyWith = new("mode", "libvirt") },
    ]);

    private static readonly Section Disks = new(
    [
        new("cache", new ChoiceKind<DiskCache>(),
            "Cache mode of the overlays, libvirt's word. They are thrown away with the job, so flushing them buys nothing.",
            "writeback") { Default = Word(Blank.Disks.Cache) },
        new("discard", new ChoiceKind<DiskDiscard>(),
            "Whether blocks that the guest frees are freed on the host too.", "ignore") { Default = Word(Blank.Disks.Discard) },
    ]);

    private static readonly Section Stop = new(
    [
        new("mode", new ChoiceKind<StopMode>(),
            "How cleanup ends a clone. destroy: at once, as if the power were cut. shutdown: asked first, destroyed when 'grace' is over.",
            "shutdown") { Default = Word(Blank.Stop.Mode) },
        new("grace", new DurationKind(),
            "How long a guest that was asked to shut down may take.", "1m") { Default = DurationText.Format(Blank.Stop.Grace), OnlyWith = new("mode", "shutdown") },
    ]);

    private static readonly Section Timeouts = new(
    [
        new("boot", new DurationKind(),
            "From the start of the clone to the first bytes of its ssh server.", "90s") { Default = DurationText.Format(Blank.Timeouts.Boot) },
        new("ssh", new DurationKind(),
            "From the first bytes of the ssh server to a command that ran.", "30s") { Default = DurationText.Format(Blank.Timeouts.Ssh) },
        new("source_shutdown", new DurationKind(),
            "From asking the source domain to shut down until it is off.", "5m") { Default = DurationText.Format(Blank.Timeouts.SourceShutdown) },
    ]);

    /// <summary>The keys that can have a default for all images.</summary>
    public static readonly Section Shared = new(
    [
        new("cpus", new WholeNumberKind(1, 512),
            "Virtual processors of a clone.", "4") { Otherwise = "what the source domain has; 1 for a file" },
        new("memory", new SizeKind(ByteSize.FromMebibytes(16)),
            "Memory of a clone.", "2GiB") { Otherwise = "what the source domain has; 1GiB for a file" },
        new("shell", new ChoiceKind<GuestShell>(),
            "The shell in the guest that runs the scripts of a job.", "sh") { Default = Word(Blank.Shell) },
        new("ssh", Ssh, "How to get into a guest of this image."),
        new("accelerator", new ChoiceKind<Accelerator>(),
            "What executes the guest. auto: KVM if a start with it really works, else TCG with a warning. tcg: emulation, ten to thirty times slower.",
            "kvm") { Default = Word(Blank.Accelerator) },
        new("network", Network, "What the clone's network card is connected to."),
        new("disks", Disks, "How the clone's overlays are written."),
        new("stop", Stop, "How cleanup ends a clone."),
        new("timeouts", Timeouts, "How long each wait of prepare may take."),
        new("builds_dir", new GuestPathKind(),
            "Where the runner checks projects out in the guest.", "/home/ci/builds") { Default = Blank.BuildsDir },
        new("cache_dir", new GuestPathKind(),
            "Where the runner keeps caches in the guest.", "/home/ci/cache") { Default = Blank.CacheDir },
    ])
    {
        BelongsTo = name => Root?.Find(name) is null ? null : "in the file of each image, since it cannot have a default",
    };

    public static readonly Section Root = new(
    [
        new("name", new ImageNameKind(),
            "What a job writes after 'image:'.", "debian-12") { Otherwise = "the file's name without .yaml" },
        new("source", new ChoiceKind<SourceKind>(),
            "domain: a linked clone of a VM that libvirt knows, with its hardware. file: a disk file in the built-in machine.", "domain")
        { Required = true },
        new("domain", new TextKind("domain name") { Rule = "the name that 'virsh list --all' shows" },
            "The source VM, as 'virsh list --all' shows it. It is never modified.", "debian-12-base") { Required = true, OnlyWith = WithDomain },
        new("allow_shutdown", new SwitchKind(),
            "Whether a running source may be asked to shut down; it is never destroyed. Without it a running source is an error.", "true")
        { Default = new ImageSource.Domain("blank").AllowShutdown ? "true" : "false", OnlyWith = WithDomain },
        new("file", new PathKind(),
            "The base disk. It is never modified.", "/var/lib/libvirt/images/small.qcow2") { Required = true, OnlyWith = WithFile },
        new("format", new ChoiceKind<DiskFormat>(),
            "What the base disk is. Say it for a raw disk, since its content can pose as another format.", "raw")
        { Otherwise = "what qemu-img finds", OnlyWith = WithFile },
        new("kernel", new PathKind(),
            "A kernel that QEMU starts itself, which saves firmware and boot loader.", "/var/lib/libvirt/images/vmlinuz")
        { Otherwise = "the firmware starts the disk's boot loader", OnlyWith = WithFile },
        new("initrd", new PathKind(),
            "The kernel's initial RAM disk.", "/var/lib/libvirt/images/initrd.img") { Otherwise = "none", OnlyWith = WithKernel },
        new("cmdline", new TextKind("kernel command line") { MayBeEmpty = true },
            "The kernel's command line.", "root=/dev/vda1 console=ttyS0 quiet") { Otherwise = "empty", OnlyWith = WithKernel },
        .. Shared.Keys,
    ])
    {
        BelongsTo = name => SettingsKeys.Root.Find(name) is null ? null : "in vm-executor.yaml",
    };

    // It becomes an argument of ssh, so it never begins with '-'.
    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_.-]{0,31}$")]
    private static partial Regex UserName();

    private static string Word<T>(T value)
        where T : struct, Enum => ChoiceKind<T>.Word(value);
}

/// <summary>The values of <c>source</c>.</summary>
internal enum SourceKind
{
    Domain,
    File,
}
