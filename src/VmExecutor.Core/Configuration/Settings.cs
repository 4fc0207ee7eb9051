using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>What <c>vm-executor.yaml</c> says. Every default is stated here and nowhere else.</summary>
public sealed record Settings
{
    /// <summary>Where the files of the images are, seen from the directory of <see cref="File"/>.</summary>
    public const string DefaultImagesDir = "images";

    /// <summary>The file these settings were read from.</summary>
    public required AbsolutePath File { get; init; }

    /// <summary>Where jobs, locks and images live; QEMU's user must be able to traverse it.</summary>
    public AbsolutePath StateDir { get; init; } = new("/var/lib/vm-executor");

    /// <summary>The image of a job that names none; null: such a job is refused.</summary>
    public ImageName? DefaultImage { get; init; }

    public LibvirtSettings Libvirt { get; init; } = new();

    public LimitSettings Limits { get; init; } = new();

    public LogSettings Log { get; init; } = new();

    public MetricsSettings Metrics { get; init; } = new();

    public KeepScriptsSettings KeepScripts { get; init; } = new();

    /// <summary>In the order of their files' names.</summary>
    public required IReadOnlyList<ImageDefinition> Images { get; init; }
}
