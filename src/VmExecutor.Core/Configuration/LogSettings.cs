using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>The operator's log: one JSON line per stage and administrator's command.</summary>
public sealed record LogSettings
{
    public bool Enabled { get; init; } = true;

    /// <summary>Null: <see cref="StateFiles.Log"/> below <c>state_dir</c>.</summary>
    public AbsolutePath? File { get; init; }

    /// <summary>What is less important is left out.</summary>
    public LogLevel Level { get; init; } = LogLevel.Info;

    /// <summary>From this size on a new file is begun.</summary>
    public ByteSize MaxSize { get; init; } = ByteSize.FromMebibytes(16);

    /// <summary>How many earlier files stay.</summary>
    public int Keep { get; init; } = 4;

    /// <summary>Whether administrators' commands also write their lines to stderr, each with the priority that journald reads.</summary>
    public bool Journal { get; init; }

    public AbsolutePath FileIn(AbsolutePath stateDir) => File ?? stateDir.Resolve(StateFiles.Log);
}

/// <summary>How important a line of the operator's log is.</summary>
public enum LogLevel
{
    /// <summary>Stages that only read, and scripts whose end is the job's own affair.</summary>
    Debug,

    /// <summary>VMs made and removed, images published.</summary>
    Info,

    /// <summary>A cold start in place of a warm one.</summary>
    Warning,

    /// <summary>What failed for a reason of this host.</summary>
    Error,
}
