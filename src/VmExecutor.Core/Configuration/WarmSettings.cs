using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>Whether an image's clones wake up from a template, and how its templates are made.</summary>
public sealed record WarmSettings
{
    /// <summary>
    /// False: each clone boots. Clones of one template share memory pages, which is a side channel between jobs of mutually distrusting
    /// users; so somebody must want it.
    /// </summary>
    public bool Enabled { get; init; }

    /// <summary>A script of the host that a template's guest runs before it is frozen, so that what jobs need is in its memory; null: shell and git once.</summary>
    public AbsolutePath? Script { get; init; }

    /// <summary>Further sizes that get a template of their own, beside the image's own size.</summary>
    public IReadOnlyList<WarmSize> Sizes { get; init; } = [];
}

/// <summary>A size that jobs choose often.</summary>
/// <param name="Cpus">Null: what the image has.</param>
/// <param name="Memory">Null: what the image has.</param>
public sealed record WarmSize(int? Cpus, ByteSize? Memory);
