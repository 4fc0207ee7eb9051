using System.Globalization;
using VmExecutor.Core.Configuration.Binding.Kinds;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>The keys of <c>publish:</c>.</summary>
internal static class ImagePublishKeys
{
    private static readonly PublishSettings Defaults = DefaultValues.Image.Publish;

    public static readonly Section Publish = new(
    [
        new("in_place", new SwitchKind(),
            "true: the source's disks are not copied but used where they are, and must not be changed while the generation is in use. Only with `source: domain` or `source: file`.",
            "true") { Default = Defaults.InPlace ? "true" : "false" },
        new("keep", new WholeNumberKind(1, 1000),
            "How many generations publishing and 'vm-executor image prune' leave, the current one included.", "5")
        { Default = Defaults.Keep.ToString(CultureInfo.InvariantCulture) },
        new("probe", new PathKind(),
            "A script of the host that is run in a clone by the image's shell; a status other than 0 keeps the old generation.", "/etc/vm-executor/probes/debian-12")
        { Otherwise = "only what vm-executor looks at itself" },
        new("min_free_disk", new SizeKind(),
            "What must be free on the guest's root file system.", "2GiB") { Default = Defaults.MinFreeDisk.ToString() },
    ]);
}
