using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>How overlays are written. They are thrown away with the job, so flushing them buys nothing.</summary>
public sealed record DiskSettings
{
    public DiskCache Cache { get; init; } = DiskCache.Unsafe;

    public DiskDiscard Discard { get; init; } = DiskDiscard.Unmap;

    /// <summary>What a job's overlays may take on the host's disk, all together, before the job is stopped; null: no limit.</summary>
    public ByteSize? MaxOverlay { get; init; }
}

/// <summary>libvirt's <c>cache</c> attribute of a disk's driver (formatdomain, "Hard drives").</summary>
public enum DiskCache
{
    Unsafe,
    Writeback,
    None,
    Writethrough,
    Directsync,
}

/// <summary>libvirt's <c>discard</c> attribute of a disk's driver.</summary>
public enum DiskDiscard
{
    Unmap,
    Ignore,
}
