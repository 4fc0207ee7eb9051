using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>How a new generation of an image is made and tried.</summary>
public sealed record PublishSettings
{
    /// <summary>The source's disks are not copied: for disks too large for that. They must not be changed while the generation is in use.</summary>
    public bool InPlace { get; init; }

    /// <summary>How many generations pruning leaves, the current one included.</summary>
    public int Keep { get; init; } = 3;

    /// <summary>The administrator's own script, run in a clone by the image's shell; a status other than 0 keeps the old generation. Null: none.</summary>
    public AbsolutePath? Probe { get; init; }

    /// <summary>What the probe must find free on the guest's root file system.</summary>
    public ByteSize MinFreeDisk { get; init; } = ByteSize.FromMebibytes(64);
}
