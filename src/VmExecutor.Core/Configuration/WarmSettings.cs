using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>The settings for clones that wake up from a template, and for making the templates.</summary>
public sealed record WarmSettings
{
    /// <summary>
    /// False: each clone boots. Clones of one template share memory pages, which is a side channel between jobs of mutually distrusting
    /// users; so it must be asked for.
    /// </summary>
    public bool Enabled { get; init; }

    /// <summary>A script of the host that a template's guest runs before it is frozen, so that what jobs need is in its memory; null: shell and git once.</summary>
    public AbsolutePath? Script { get; init; }

    public IReadOnlyList<WarmSize> Sizes { get; init; } = [];

    internal static readonly Section<WarmSettings> Keys = new Section<WarmSettings>(new())
        .Key("enabled", Kinds.Switch,
            "Whether clones wake up from a template, which 'vm-executor image warm' makes, instead of booting. Jobs of one template share memory pages, "
            + "which is a side channel between them.",
            "true", it => it.Enabled, (it, value) => it with { Enabled = value })
        .Key("script", Kinds.Path,
            "A script of the host that a template's guest runs by the image's shell as 'ssh.user' before it is frozen, so that what jobs need is in its memory; "
            + "a status other than 0 keeps the old template.",
            "/etc/vm-executor/warm-ups/debian-12", it => it.Script, (it, value) => it with { Script = value }, otherwise: "the shell and git, once")
        .ListOf("sizes", WarmSize.Keys,
            "Sizes that get a template of their own, beside the image's own size; jobs of any other size start cold.",
            "[{cpus: 4, memory: 4GiB}]", it => it.Sizes, (it, value) => it with { Sizes = value }, otherwise: "only the image's own size");
}

/// <summary>A size that jobs choose often.</summary>
/// <param name="Cpus">Null: what the image has.</param>
/// <param name="Memory">Null: what the image has.</param>
public sealed record WarmSize(int? Cpus, ByteSize? Memory)
{
    internal static readonly Section<WarmSize> Keys = new Section<WarmSize>(new(null, null))
        .Key("cpus", SizeSettings.CpuKind,
            "Virtual processors of the jobs that this template is for, as they say by VM_CPUS.",
            "4", it => it.Cpus, (it, value) => it with { Cpus = value }, otherwise: SizeSettings.OfImage)
        .Key("memory", SizeSettings.MemoryKind,
            "Memory of the jobs that this template is for, as they say by VM_MEMORY.",
            "4GiB", it => it.Memory, (it, value) => it with { Memory = value }, otherwise: SizeSettings.OfImage);
}
