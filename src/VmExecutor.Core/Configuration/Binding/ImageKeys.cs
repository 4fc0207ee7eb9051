using System.Globalization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration.Binding.Kinds;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The keys of <c>images/*.yaml</c>.</summary>
internal static partial class ImageKeys
{
    private static readonly ImageDefinition Defaults = DefaultValues.Image;

    private static readonly Condition WithDomain = new("source", "domain");
    private static readonly Condition WithFile = new("source", "file");
    private static readonly Condition WithUrl = new("source", "url");
    private static readonly Condition WithBuild = new("source", "build");
    private static readonly Condition WithDisk = new("source", "file", "url");
    private static readonly Condition WithKernel = new("kernel");

    private static readonly Section Ssh = new(
    [
        new("user", new TextKind("user name") { Pattern = UserName(), Rule = "up to 32 letters, digits, '_', '.' and '-', beginning with a letter or '_'" },
            "The user that scripts run as in the guest.", "ci") { Required = true },
        new("login", new ChoiceKind<LoginMethod>(),
            "How the guest knows who may log in. baked: by a public key that is in the image. cloud-init: by a NoCloud seed with a key of each job's own. "
            + "systemd-credentials: the same by SMBIOS strings, for systemd 252 or later.", "cloud-init") { Default = Word(Defaults.Ssh.Login) },
        new("key", new PathKind(),
            "Private key file that lets this user in; readable by its owner only.", "/etc/vm-executor/keys/ci_ed25519")
        { Required = true, OnlyWith = new("login", Word(LoginMethod.Baked)) },
        new("port", new WholeNumberKind(1, 65535),
            "Port of the ssh server in the guest.", "2222") { Default = Defaults.Ssh.Port.ToString(CultureInfo.InvariantCulture) },
        new("host_key", new OneOrMoreKind(new HostKeyKind()),
            "The guest's public host keys, as in its /etc/ssh/ssh_host_ed25519_key.pub. A guest that shows another key is refused.",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJnVvDTBeyXyXEOiFf6sEv0fs3+3mWtp0gWbAkMeM29V")
        { Otherwise = "the key of the first contact is pinned for the job; nobody protects that first contact" },
    ]);

    private static readonly Section Network = new(
    [
        new("mode", new ChoiceKind<NetworkMode>(),
            "user: a network of its own for each clone, reached by a loopback port of the host; no root, no bridge. libvirt: a network that libvirt knows.",
            "libvirt") { Default = Word(Defaults.Network.Mode) },
        new("name", new TextKind("network name") { Rule = "the name that 'virsh net-list' shows" },
            "The libvirt network, as 'virsh net-list' shows it.", "ci") { Default = Defaults.Network.Name, OnlyWith = new("mode", "libvirt") },
    ]);

    private static readonly Section Disks = new(
    [
        new("cache", new ChoiceKind<DiskCache>(),
            "Cache mode of the overlays, libvirt's word. They are thrown away with the job, so flushing them buys nothing.",
            "writeback") { Default = Word(Defaults.Disks.Cache) },
        new("discard", new ChoiceKind<DiskDiscard>(),
            "Whether blocks that the guest frees are freed on the host too.", "ignore") { Default = Word(Defaults.Disks.Discard) },
        new("max_overlay", new SizeKind(ByteSize.FromMebibytes(16)),
            "What all overlays of a job may take on the host's disk. A job that writes more is stopped with a message.", "20GiB") { Otherwise = "no limit" },
    ]);

    private static readonly Section Stop = new(
    [
        new("mode", new ChoiceKind<StopMode>(),
            "How cleanup ends a clone. destroy: at once, as if the power were cut. shutdown: asked first, destroyed when 'grace' is over.",
            "shutdown") { Default = Word(Defaults.Stop.Mode) },
        new("grace", new DurationKind(),
            "How long a guest that was asked to shut down may take.", "1m") { Default = DurationText.Format(Defaults.Stop.Grace), OnlyWith = new("mode", "shutdown") },
    ]);

    private static readonly Section KeepFailed = new(
    [
        new("for", new DurationKind(), "How long after the job the VM of a failed job stays; it counts against 'limits' for that long.", "2h") { Otherwise = "it goes with the job" },
        new("projects", new OneOrMoreKind(new ProjectGlobKind()),
            "The projects whose VMs stay, as in 'allow: projects'.", "group/**") { Otherwise = "all projects", OnlyWith = new("for") },
    ]);

    private static readonly Section Timeouts = new(
    [
        new("boot", new DurationKind(),
            "From the start of the clone to the first bytes of its ssh server.", "90s") { Default = DurationText.Format(Defaults.Timeouts.Boot) },
        new("ssh", new DurationKind(),
            "From the first bytes of the ssh server to a command that ran.", "30s") { Default = DurationText.Format(Defaults.Timeouts.Ssh) },
        new("cloud_init", new DurationKind(),
            "How long cloud-init may go on in the guest once the driver is logged in; see 'wait_for_cloud_init'.", "15m") { Default = DurationText.Format(Defaults.Timeouts.CloudInit) },
        new("warm", new DurationKind(),
            "From the start of a warm clone until it is ready for scripts; then it is started cold.", "10s") { Default = DurationText.Format(Defaults.Timeouts.Warm) },
        new("source_shutdown", new DurationKind(),
            "From asking the source domain to shut down until it is off.", "5m") { Default = DurationText.Format(Defaults.Timeouts.SourceShutdown) },
    ]);

    /// <summary>The keys that can have a default for all images.</summary>
    public static readonly Section Shared = new(
    [
        new("allow", ImageAccessKeys.Allow, "Which jobs may use the image."),
        new("cpus", new OrAutoKind<int>(ImageSizeKeys.Cpus),
            "Virtual processors of a clone. auto: those of the host divided by 'limits: max_vms'.", "4") { Otherwise = "what the source domain has; else 1" },
        new("memory", new OrAutoKind<ByteSize>(ImageSizeKeys.Memory),
            "Memory of a clone. auto: that of the host, without 'limits: memory_headroom', divided by 'limits: max_vms'.", "2GiB")
        { Otherwise = "what the source domain has; else 1GiB" },
        new("sizes", ImageSizeKeys.Sizes, "What a job may choose by VM_CPUS, VM_MEMORY and VM_DISK."),
        new("shell", new ChoiceKind<GuestShell>(),
            "The shell in the guest that runs the scripts of a job.", "sh") { Default = Word(Defaults.Shell) },
        new("ssh", Ssh, "How to get into a guest of this image."),
        new("accelerator", new ChoiceKind<Accelerator>(),
            "What executes the guest. auto: KVM if a start with it really works, else TCG with a warning. tcg: emulation, ten to thirty times slower.",
            "kvm") { Default = Word(Defaults.Accelerator) },
        new("network", Network, "What the clone's network card is connected to."),
        new("disks", Disks, "How the clone's overlays are written."),
        new("stop", Stop, "How cleanup ends a clone."),
        new("keep_failed", KeepFailed, "Whether the VM of a failed job stays, without the job's secrets, for people who want to look."),
        new("timeouts", Timeouts, "How long each wait of prepare may take."),
        new("publish", ImagePublishKeys.Publish, "How a new generation of the image is made and tried."),
        new("warm", ImageWarmKeys.Warm, "Whether clones wake up from a template instead of booting, and how templates are made."),
        new("prepare_hook", ImageGuestKeys.PrepareHook, "A script of the administrator that runs in the guest before the job."),
        new("tools", new OneOrMoreKind(new ToolKind()),
            "Files and directories of the host that the guest gets; without a path in the guest they go to /usr/local/bin.",
            "/opt/ci/tools:/opt/ci") { Otherwise = "nothing" },
        new("wait_for_cloud_init", new SwitchKind(),
            "Whether a guest whose cloud-init is still at work is waited for, before a job and before a template is frozen. Nothing is waited for "
            + "in a guest without cloud-init.", "false") { Default = Defaults.WaitForCloudInit ? "true" : "false" },
        new("builds_dir", new GuestPathKind(),
            "Where the runner checks projects out in the guest.", "/home/ci/builds") { Default = Defaults.BuildsDir },
        new("cache_dir", new GuestPathKind(),
            "Where the runner keeps caches in the guest.", "/home/ci/cache") { Default = Defaults.CacheDir },
    ])
    {
        BelongsTo = name => Root?.Find(name) is null ? null : "in the file of each image, since it cannot have a default",
    };

    public static readonly Section Root = new(
    [
        new("name", new ImageNameKind(),
            "What a job writes after 'image:'.", "debian-12") { Otherwise = "the file's name without .yaml" },
        new("patterns", new OneOrMoreKind(new GlobKind()),
            "What else a job may write for this image: * is any run of characters, ? any one. Names of images go first, then patterns in the order of the files.",
            "debian:12*") { Otherwise = "only the name" },
        new("source", new ChoiceKind<SourceKind>(),
            "domain: a linked clone of a VM that libvirt knows, with its hardware. file: a disk file in the built-in machine. url: such a file that is downloaded. "
            + "build: one that a recipe makes. The last two need 'vm-executor image publish'.", "domain")
        { Required = true },
        new("domain", new TextKind("domain name") { Rule = "the name that 'virsh list --all' shows" },
            "The source VM, as 'virsh list --all' shows it. It is never modified.", "debian-12-base") { Required = true, OnlyWith = WithDomain },
        new("allow_shutdown", new SwitchKind(),
            "Whether a running source may be asked to shut down; it is never destroyed. Without it a running source is an error.", "true")
        { Default = new ImageSource.Domain("unset").AllowShutdown ? "true" : "false", OnlyWith = WithDomain },
        new("allow_parts", new OneOrMoreKind(new PartKind()),
            "Parts of the source VM's definition that its clones get as they are though they would be refused: devices of the host, arguments for QEMU, and what "
            + "this version does not know. Each is named exactly as in the message of the refusal. A job may write to the host by what is named here.", "devices/hostdev")
        { Otherwise = "nothing; a source that has such parts is refused", OnlyWith = WithDomain },
        new("file", new PathKind(),
            "The base disk. It is never modified.", "/var/lib/libvirt/images/small.qcow2") { Required = true, OnlyWith = WithFile },
        new("url", new UrlKind(),
            "Where the base disk is downloaded when the image is published; .xz, .gz and .zst are unpacked.", "https://cloud.example.com/debian-12.qcow2")
        { Required = true, OnlyWith = WithUrl },
        new("sha256", new HexKind(ChecksumKind.Sha256, 64),
            "The download's SHA-256, before it is unpacked. Either this or sha512.", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
        { Otherwise = "one of the two is **required**", OnlyWith = WithUrl },
        new("sha512", new HexKind(ChecksumKind.Sha512, 128),
            "The download's SHA-512, before it is unpacked. Either this or sha256.",
            "ee26b0dd4af7e749aa1a8ee3c10ae9923f618980772e473f8819a5d4940e0db27ac185f8a0e1d5f84f88bc887fd67b143732c304cc5fa9ad8e6f57f50028a8ff")
        { Otherwise = "one of the two is **required**", OnlyWith = WithUrl },
        new("build", new PathKind(),
            "An executable that makes the disk when the image is published.", "/etc/vm-executor/recipes/debian") { Required = true, OnlyWith = WithBuild },
        new("build_timeout", new DurationKind(),
            "How long the recipe may take.", "2h")
        { Default = DurationText.Format(new ImageSource.Build(Defaults.File).Timeout), OnlyWith = WithBuild },
        new("format", new ChoiceKind<DiskFormat>(),
            "What the base disk is, unpacked. Say it for a raw disk, since its content can pose as another format.", "raw")
        { Otherwise = "what qemu-img finds", OnlyWith = WithDisk },
        new("kernel", new PathKind(),
            "A kernel that QEMU starts itself, which saves firmware and boot loader.", "/var/lib/libvirt/images/vmlinuz")
        { Otherwise = "the firmware starts the disk's boot loader", OnlyWith = WithDisk },
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
    Url,
    Build,
}
