using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>The operator's log: one JSON line per stage and administrator's command.</summary>
public sealed record LogSettings
{
    public bool Enabled { get; init; } = true;

    /// <summary>Null: <see cref="StateFiles.Log"/> below <c>state_dir</c>.</summary>
    public AbsolutePath? File { get; init; }

    public LogLevel Level { get; init; } = LogLevel.Info;

    public ByteSize MaxSize { get; init; } = ByteSize.FromMebibytes(16);

    public int Keep { get; init; } = 4;

    public bool Journal { get; init; }

    internal static readonly Section<LogSettings> Keys = new Section<LogSettings>(new())
        .Key("enabled", Kinds.Switch,
            "Whether the operator's log is written.",
            "false", it => it.Enabled, (it, value) => it with { Enabled = value })
        .Key("file", Kinds.Path,
            "Where it is written, one JSON document per line.",
            "/var/log/vm-executor/vm-executor.jsonl", it => it.File, (it, value) => it with { File = value }, otherwise: $"`{StateFiles.Log}` in `state_dir`")
        .Key("level", Kinds.Choice<LogLevel>(),
            "What is less important is left out. debug: each script, too.",
            "debug", it => it.Level, (it, value) => it with { Level = value })
        .Key("max_size", Kinds.Size(ByteSize.FromMebibytes(1)),
            "From this size on a new file is begun.",
            "100MiB", it => it.MaxSize, (it, value) => it with { MaxSize = value })
        .Key("keep", Kinds.WholeNumber(1, 100),
            "How many earlier files stay.",
            "10", it => it.Keep, (it, value) => it with { Keep = value })
        .Key("journal", Kinds.Switch,
            "Whether administrators' commands (gc, image publish, image warm) write their lines to stderr as well, with the priority that journald reads.",
            "true", it => it.Journal, (it, value) => it with { Journal = value });

    public AbsolutePath FileIn(AbsolutePath stateDir) => File ?? stateDir.Resolve(StateFiles.Log);
}

/// <summary>The importance of a line of the operator's log.</summary>
public enum LogLevel
{
    /// <summary>Stages that only read, and scripts whose end is the job's own affair.</summary>
    Debug,

    /// <summary>VMs made and removed, images published.</summary>
    Info,

    /// <summary>A cold start in place of a warm one.</summary>
    Warning,

    /// <summary>A failure for a reason of this host.</summary>
    Error,
}
