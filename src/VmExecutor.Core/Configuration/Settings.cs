using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>The content of <c>vm-executor.yaml</c>. Every default is stated here and nowhere else.</summary>
public sealed record Settings
{
    /// <summary>The directory of the images' files, seen from the directory of <see cref="File"/>.</summary>
    public const string DefaultImagesDir = "images";

    /// <summary>The file these settings were read from.</summary>
    public required AbsolutePath File { get; init; }

    /// <summary>The directory of jobs, locks and images; QEMU's user must be able to traverse it.</summary>
    public AbsolutePath StateDir { get; init; } = new("/var/lib/vm-executor");

    /// <summary>The image of a job that names none; null: such a job is refused.</summary>
    public ImageName? DefaultImage { get; init; }

    public LibvirtSettings Libvirt { get; init; } = new();

    public FirewallSettings Firewall { get; init; } = new();

    public LimitSettings Limits { get; init; } = new();

    public LogSettings Log { get; init; } = new();

    public MetricsSettings Metrics { get; init; } = new();

    public KeepScriptsSettings KeepScripts { get; init; } = new();

    /// <summary>In the order of their files' names.</summary>
    public required IReadOnlyList<ImageDefinition> Images { get; init; }

    /// <summary>True: jobs may have services that are VMs of their own, so each clone gets a free place for a further network card.</summary>
    public bool HasServiceImages() => Images.Any(image => image.Service is not null);

    internal static readonly Settings Blank = new() { File = new AbsolutePath("/"), Images = [] };

    /// <summary>The keys of <c>vm-executor.yaml</c>.</summary>
    internal static readonly Section<Settings> Keys = new Section<Settings>(Blank) { BelongsTo = name => ImageDefinition.Keys.Find(name) is null ? null : "in the file of an image" }
        .Key("state_dir", Kinds.Path,
            "Where jobs, locks and images live; QEMU's user must be able to traverse it.",
            "/srv/vm-executor", it => it.StateDir, (it, value) => it with { StateDir = value })
        .Key("images_dir", Kinds.Path,
            "The directory of the images' files; each file in it that ends in .yaml is one image.",
            "/etc/vm-executor/images", _ => DefaultImagesDir, (it, _) => it)
        .Key("default_image", Kinds.ImageName,
            "The image of a job that names none.",
            "debian-12", it => it.DefaultImage, (it, value) => it with { DefaultImage = value }, otherwise: "such a job is refused")
        .Mapping("libvirt", LibvirtSettings.Keys, "How to reach libvirt.", it => it.Libvirt, (it, value) => it with { Libvirt = value })
        .Mapping("firewall", FirewallSettings.Keys, "Rules that keep guests off this host's own services.", it => it.Firewall, (it, value) => it with { Firewall = value })
        .Mapping("limits", LimitSettings.Keys, "How many VMs this host takes at a time.", it => it.Limits, (it, value) => it with { Limits = value })
        .Mapping("log", LogSettings.Keys, "The operator's log.", it => it.Log, (it, value) => it with { Log = value })
        .Mapping("metrics", MetricsSettings.Keys, "Numbers for Prometheus.", it => it.Metrics, (it, value) => it with { Metrics = value })
        .Mapping("keep_scripts", KeepScriptsSettings.Keys,
            "Whether the scripts of failed jobs are kept, so that they can be run again.", it => it.KeepScripts, (it, value) => it with { KeepScripts = value })
        .Mapping("defaults", ImageDefinition.SharedKeys, "Values for all images; what an image says itself wins, key by key.", _ => ImageDefinition.Blank, (it, _) => it);
}
