using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>The way in which overlays are written. They are thrown away with the job, so flushing them buys nothing.</summary>
public sealed record DiskSettings
{
    public DiskCache Cache { get; init; } = DiskCache.Unsafe;

    public DiskDiscard Discard { get; init; } = DiskDiscard.Unmap;

    /// <summary>
    /// The most that a job's overlays may take on the host's disk, all together, before the job is stopped; null: no limit.
    /// </summary>
    public ByteSize? MaxOverlay { get; init; }

    internal static readonly Section<DiskSettings> Keys = new Section<DiskSettings>(new())
        .Key("cache", Kinds.Choice<DiskCache>(),
            "Cache mode of the overlays, libvirt's word. They are thrown away with the job, so flushing them buys nothing.",
            "writeback", it => it.Cache, (it, value) => it with { Cache = value })
        .Key("discard", Kinds.Choice<DiskDiscard>(),
            "Whether blocks that the guest frees are freed on the host too.",
            "ignore", it => it.Discard, (it, value) => it with { Discard = value })
        .Key("max_overlay", Kinds.Size(ByteSize.FromMebibytes(16)),
            "What all overlays of a job may take on the host's disk. A job that writes more is stopped with a message.",
            "20GiB", it => it.MaxOverlay, (it, value) => it with { MaxOverlay = value }, otherwise: "no limit");
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
