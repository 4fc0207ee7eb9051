using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>The origin of an image's hardware and disks.</summary>
public abstract record ImageSource
{
    private ImageSource()
    {
    }

    /// <summary>An existing libvirt domain: its hardware is kept and each writable disk gets an overlay.</summary>
    /// <param name="Name">The domain's name as <c>virsh list --all</c> shows it.</param>
    public sealed record Domain(string Name) : ImageSource
    {
        /// <summary>True: a running source may be asked to shut down; it is never destroyed.</summary>
        public bool AllowShutdown { get; init; }
    }

    /// <summary>A single disk, put into the built-in machine.</summary>
    public abstract record Disk : ImageSource
    {
        /// <summary>Null: qemu-img says what it is; a raw disk should be named, since its content can pose as another format.</summary>
        public DiskFormat? Format { get; init; }

        /// <summary>Null: the disk's own boot loader is started by the firmware.</summary>
        public DirectKernelBoot? Kernel { get; init; }
    }

    /// <summary>A disk file of the host.</summary>
    /// <param name="Path">The base disk, qcow2 or raw.</param>
    public sealed record DiskFile(AbsolutePath Path) : Disk;

    /// <summary>A disk file that publishing downloads, checks and unpacks; jobs run on published generations only.</summary>
    /// <param name="Address">http, https or file.</param>
    /// <param name="Checksum">Of what is downloaded, before it is unpacked.</param>
    public sealed record Download(DownloadAddress Address, Checksum Checksum) : Disk;

    /// <summary>An image of a container registry that publishing pulls: a disk, or a generation that another host pushed; jobs run on published generations only.</summary>
    /// <param name="Reference">By tag or digest.</param>
    public sealed record Registry(OciReference Reference) : Disk
    {
        /// <summary>The file with the logins of registries; null: skopeo's own.</summary>
        public AbsolutePath? AuthFile { get; init; }
    }

    /// <summary>A disk that an executable of the administrator makes when the image is published; jobs run on published generations only.</summary>
    /// <param name="Recipe">The executable; config/README.md says how it is called and what it leaves.</param>
    public sealed record Build(AbsolutePath Recipe) : ImageSource
    {
        /// <summary>The time limit.</summary>
        public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(1);
    }

    /// <summary>The keys of <c>source</c> and what belongs to each of its words. The source begins with the key of its place, the others add to it.</summary>
    internal static Section<ImageDefinition> KeysOf(ImageDefinition blank)
    {
        var (withDomain, withFile, withUrl, withBuild) = (new Condition("source", "domain"), new Condition("source", "file"), new Condition("source", "url"), new Condition("source", "build"));
        var (withOci, withHardware) = (new Condition("source", "oci"), new Condition("source", "domain", "oci"));
        var (withDisk, withKernel) = (new Condition("source", "file", "url", "oci"), new Condition("kernel"));
        return new Section<ImageDefinition>(blank)
            .Key("source", Kinds.Choice<SourceKind>(),
                "domain: a linked clone of a VM that libvirt knows, with its hardware. file: a disk file in the built-in machine. url: such a file that is downloaded. "
                + "build: one that a recipe makes. oci: one of a container registry, or a generation that another host pushed there. The last three need 'vm-executor image publish'.",
                "domain", _ => null, (it, _) => it, required: true)
            .Key("domain", Kinds.Text("domain name", "the name that 'virsh list --all' shows"),
                "The source VM, as 'virsh list --all' shows it. It is never modified.",
                "debian-12-base", it => (it.Source as Domain)?.Name, (it, value) => it with { Source = new Domain(value) }, required: true, onlyWith: withDomain)
            .Key("allow_shutdown", Kinds.Switch,
                "Whether a running source may be asked to shut down; it is never destroyed. Without it a running source is an error.",
                "true", it => (it.Source as Domain)?.AllowShutdown ?? new Domain("").AllowShutdown,
                (it, value) => Change<Domain>(it, source => source with { AllowShutdown = value }), onlyWith: withDomain)
            .OneOrMore("allow_parts", Kinds.Part,
                "Parts of the source VM's definition that its clones get as they are though they would be refused: devices of the host, arguments for QEMU, and what "
                + "this version does not know. Each is named exactly as in the message of the refusal. A job may write to the host by what is named here.",
                "devices/hostdev", it => it.AllowParts, (it, value) => it with { AllowParts = value.ToHashSet(StringComparer.Ordinal) },
                otherwise: "nothing; a source that has such parts is refused", onlyWith: withHardware)
            .Key("file", Kinds.Path,
                "The base disk. It is never modified.",
                "/var/lib/libvirt/images/small.qcow2", it => (it.Source as DiskFile)?.Path, (it, value) => it with { Source = new DiskFile(value) }, required: true, onlyWith: withFile)
            .Key("url", Kinds.Url,
                "Where the base disk is downloaded when the image is published; .xz, .gz and .zst are unpacked.",
                "https://cloud.example.com/debian-12.qcow2", it => (it.Source as Download)?.Address,
                (it, value) => it with { Source = new Download(value, Checksum.Unset) }, required: true, onlyWith: withUrl)
            .Key("sha256", Kinds.Checksum(ChecksumKind.Sha256),
                "The download's SHA-256, before it is unpacked. Either this or sha512.",
                "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", it => (it.Source as Download)?.Checksum,
                (it, value) => Change<Download>(it, source => source with { Checksum = value }), otherwise: "one of the two is **required**", onlyWith: withUrl)
            .Key("sha512", Kinds.Checksum(ChecksumKind.Sha512),
                "The download's SHA-512, before it is unpacked. Either this or sha256.",
                "ee26b0dd4af7e749aa1a8ee3c10ae9923f618980772e473f8819a5d4940e0db27ac185f8a0e1d5f84f88bc887fd67b143732c304cc5fa9ad8e6f57f50028a8ff", it => (it.Source as Download)?.Checksum,
                (it, value) => Change<Download>(it, source => source with { Checksum = value }), otherwise: "one of the two is **required**", onlyWith: withUrl)
            .Key("build", Kinds.Path,
                "An executable that makes the disk when the image is published.",
                "/etc/vm-executor/recipes/debian", it => (it.Source as Build)?.Recipe, (it, value) => it with { Source = new Build(value) }, required: true, onlyWith: withBuild)
            .Key("build_timeout", Kinds.Duration(),
                "How long the recipe may take.",
                "2h", it => (it.Source as Build ?? new Build(blank.File)).Timeout,
                (it, value) => Change<Build>(it, source => source with { Timeout = value }), onlyWith: withBuild)
            .Key("image", Kinds.OciReference,
                "The image in a container registry, by tag or digest. It is pulled by skopeo when the image is published.",
                "registry.example.com/ci/debian-12:2026-11", it => (it.Source as Registry)?.Reference,
                (it, value) => it with { Source = new Registry(value) }, required: true, onlyWith: withOci)
            .Key("auth_file", Kinds.Path,
                "The file with the logins of registries, as 'skopeo login --authfile' writes it.",
                "/etc/vm-executor/registry.json", it => (it.Source as Registry)?.AuthFile,
                (it, value) => Change<Registry>(it, source => source with { AuthFile = value }), otherwise: "where skopeo looks for it (containers-auth.json(5))", onlyWith: withOci)
            .Key("format", Kinds.Choice<DiskFormat>(),
                "What the base disk is, unpacked. Say it for a raw disk, since its content can pose as another format.",
                "raw", it => (it.Source as Disk)?.Format, (it, value) => Change<Disk>(it, source => source with { Format = value }),
                otherwise: "what qemu-img finds", onlyWith: withDisk)
            .Key("kernel", Kinds.Path,
                "A kernel that QEMU starts itself, which saves firmware and boot loader.",
                "/var/lib/libvirt/images/vmlinuz", it => (it.Source as Disk)?.Kernel?.Kernel,
                (it, value) => Change<Disk>(it, source => source with { Kernel = new DirectKernelBoot(value, null, "") }),
                otherwise: "the firmware starts the disk's boot loader", onlyWith: withDisk)
            .Key("initrd", Kinds.Path,
                "The kernel's initial RAM disk.",
                "/var/lib/libvirt/images/initrd.img", it => (it.Source as Disk)?.Kernel?.Initrd,
                (it, value) => ChangeKernel(it, kernel => kernel with { Initrd = value }), otherwise: "none", onlyWith: withKernel)
            .Key("cmdline", Kinds.Text("kernel command line", mayBeEmpty: true),
                "The kernel's command line.",
                "root=/dev/vda1 console=ttyS0 quiet", it => (it.Source as Disk)?.Kernel?.Cmdline,
                (it, value) => ChangeKernel(it, kernel => kernel with { Cmdline = value }), otherwise: "empty", onlyWith: withKernel);
    }

    private static ImageDefinition Change<TSource>(ImageDefinition image, Func<TSource, ImageSource> change)
        where TSource : ImageSource => image.Source is TSource source ? image with { Source = change(source) } : image;

    private static ImageDefinition ChangeKernel(ImageDefinition image, Func<DirectKernelBoot, DirectKernelBoot> change) =>
        Change<Disk>(image, source => source.Kernel is { } kernel ? source with { Kernel = change(kernel) } : source);
}

/// <summary>The values of <c>source</c>.</summary>
internal enum SourceKind
{
    Domain,
    File,
    Url,
    Build,
    Oci,
}

/// <summary>The disk formats a base may have.</summary>
public enum DiskFormat
{
    Qcow2,
    Raw,
}

/// <summary>A kernel that QEMU starts itself, without firmware and boot loader.</summary>
public sealed record DirectKernelBoot(AbsolutePath Kernel, AbsolutePath? Initrd, string Cmdline);
