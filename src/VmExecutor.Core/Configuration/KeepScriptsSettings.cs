using VmExecutor.Core.Configuration.Options;

namespace VmExecutor.Core.Configuration;

/// <summary>
/// The settings for keeping the scripts of failed jobs for <c>vm-executor replay</c>. The scripts hold the jobs' variables, secrets too.
/// </summary>
public sealed record KeepScriptsSettings
{
    /// <summary>The time for which they are kept; null: none is kept.</summary>
    public TimeSpan? For { get; init; }

    public int Max { get; init; } = 20;

    internal static readonly Section<KeepScriptsSettings> Keys = new Section<KeepScriptsSettings>(new())
        .Key("for", Kinds.Duration(TimeSpan.FromDays(30)),
            "How long the scripts of a failed job are kept for 'vm-executor replay'. They hold the job's variables, secrets too, and are readable by the runner's user only.",
            "24h", it => it.For, (it, value) => it with { For = value }, otherwise: "none is kept")
        .Key("max", Kinds.WholeNumber(1, 1000),
            "Of how many jobs they are kept; the oldest go first.",
            "50", it => it.Max, (it, value) => it with { Max = value });
}
