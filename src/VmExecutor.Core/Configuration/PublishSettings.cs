using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>The settings for making and trying a new generation of an image.</summary>
public sealed record PublishSettings
{
    /// <summary>The source's disks are not copied: for disks too large for that. They must not be changed while the generation is in use.</summary>
    public bool InPlace { get; init; }

    public int Keep { get; init; } = 3;

    /// <summary>The administrator's own script, run in a clone by the image's shell; a status other than 0 keeps the old generation. Null: none.</summary>
    public AbsolutePath? Probe { get; init; }

    public ByteSize MinFreeDisk { get; init; } = ByteSize.FromMebibytes(64);

    internal static readonly Section<PublishSettings> Keys = new Section<PublishSettings>(new())
        .Key("in_place", Kinds.Switch,
            "true: the source's disks are not copied but used where they are, and must not be changed while the generation is in use. Only with `source: domain` or `source: file`.",
            "true", it => it.InPlace, (it, value) => it with { InPlace = value })
        .Key("keep", Kinds.WholeNumber(1, 1000),
            "How many generations publishing and 'vm-executor image prune' leave, the current one included.",
            "5", it => it.Keep, (it, value) => it with { Keep = value })
        .Key("probe", Kinds.Path,
            "A script of the host that is run in a clone by the image's shell; a status other than 0 keeps the old generation.",
            "/etc/vm-executor/probes/debian-12", it => it.Probe, (it, value) => it with { Probe = value }, otherwise: "only what vm-executor looks at itself")
        .Key("min_free_disk", Kinds.Size(),
            "What must be free on the guest's root file system.",
            "2GiB", it => it.MinFreeDisk, (it, value) => it with { MinFreeDisk = value });
}
