using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>The settings for clones that are made before there is a job for them.</summary>
public sealed record StandbySettings
{
    /// <summary>The number of clones of the image's own size that wait for jobs.</summary>
    public int Count { get; init; }

    /// <summary>A clone that has waited this long is not given to a job any more, but removed.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromHours(1);

    public IReadOnlyList<StandbySize> Sizes { get; init; } = [];

    internal static readonly Section<StandbySettings> Keys = new Section<StandbySettings>(new())
        .Key("count", Kinds.WholeNumber(0, 1000),
            "How many clones of the image's own size wait for jobs. Each holds its memory, and jobs that do not fit on the host have them removed first.",
            "2", it => it.Count, (it, value) => it with { Count = value })
        .Key("max_age", Kinds.Duration(),
            "How long a clone may wait for its job; then it is removed, and another is made.",
            "4h", it => it.MaxAge, (it, value) => it with { MaxAge = value })
        .ListOf("sizes", StandbySize.Keys,
            "Further sizes that clones wait in, as jobs choose them by VM_CPUS and VM_MEMORY.",
            "[{memory: 4GiB, count: 1}]", it => it.Sizes, (it, value) => it with { Sizes = value }, otherwise: "only the image's own size");
}

/// <summary>A size that clones wait in.</summary>
/// <param name="Cpus">Null: what the image has.</param>
/// <param name="Memory">Null: what the image has.</param>
/// <param name="Count">How many.</param>
public sealed record StandbySize(int? Cpus, ByteSize? Memory, int Count)
{
    internal static readonly Section<StandbySize> Keys = new Section<StandbySize>(new(null, null, 1))
        .Key("cpus", SizeSettings.CpuKind,
            "Virtual processors of the jobs that these clones are for, as they say by VM_CPUS.",
            "4", it => it.Cpus, (it, value) => it with { Cpus = value }, otherwise: SizeSettings.OfImage)
        .Key("memory", SizeSettings.MemoryKind,
            "Memory of the jobs that these clones are for, as they say by VM_MEMORY.",
            "4GiB", it => it.Memory, (it, value) => it with { Memory = value }, otherwise: SizeSettings.OfImage)
        .Key("count", Kinds.WholeNumber(1, 1000),
            "How many clones of this size wait for jobs.",
            "2", it => it.Count, (it, value) => it with { Count = value });
}
