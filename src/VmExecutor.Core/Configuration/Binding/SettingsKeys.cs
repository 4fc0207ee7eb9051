using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration.Binding.Kinds;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The keys of <c>vm-executor.yaml</c>.</summary>
internal static partial class SettingsKeys
{
    private static readonly Settings Defaults = DefaultValues.Settings;

    private static readonly Section Libvirt = new(
    [
        new("uri", new TextKind("connection URI") { Pattern = Uri(), Rule = "for example qemu:///system" },
            "The libvirt to work with.", "qemu:///system")
        {
            Otherwise = "`VIRSH_DEFAULT_CONNECT_URI`, else `LIBVIRT_DEFAULT_URI`, else `qemu:///system` for root and `qemu:///session` for others",
        },
        new("call_timeout", new DurationKind(),
            "How long a single call may take before libvirt counts as not answering.", "30s") { Default = DurationText.Format(Defaults.Libvirt.CallTimeout) },
    ]);

    public static readonly Section Root = new(
    [
        new("state_dir", new PathKind(),
            "Where jobs, locks and images live; QEMU's user must be able to traverse it.", "/srv/vm-executor") { Default = Defaults.StateDir.Value },
        new("images_dir", new PathKind(),
            "The directory of the images' files; each file in it that ends in .yaml is one image.", "/etc/vm-executor/images") { Default = Settings.DefaultImagesDir },
        new("default_image", new ImageNameKind(),
            "The image of a job that names none.", "debian-12") { Otherwise = "such a job is refused" },
        new("libvirt", Libvirt, "How to reach libvirt."),
        new("limits", LimitKeys.Limits, "How many VMs this host takes at a time."),
        new("log", ObservationKeys.Log, "The operator's log."),
        new("metrics", ObservationKeys.Metrics, "Numbers for Prometheus."),
        new("keep_scripts", KeepScriptsKeys.KeepScripts, "Whether the scripts of failed jobs are kept, so that they can be run again."),
        new("defaults", ImageKeys.Shared, "Values for all images; what an image says itself wins, key by key."),
    ])
    {
        BelongsTo = name => ImageKeys.Root.Find(name) is null ? null : "in the file of an image",
    };

    [GeneratedRegex(@"^[a-z][a-z0-9+.-]*:[^\s\u0000-\u001f\u007f-\u009f]+$")]
    private static partial Regex Uri();
}
