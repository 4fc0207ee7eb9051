using VmExecutor.Core.Configuration.Options;

namespace VmExecutor.Core.Configuration;

/// <summary>The settings for keeping the VM of a failed job, for people who want to look.</summary>
public sealed record KeepSettings
{
    /// <summary>The time for which it is kept after the job; null: it goes with the job.</summary>
    public TimeSpan? For { get; init; }

    /// <summary>Globs of the projects whose VMs stay; empty: every project's.</summary>
    public IReadOnlyList<string> Projects { get; init; } = [];

    internal static readonly Section<KeepSettings> Keys = new Section<KeepSettings>(new())
        .Key("for", Kinds.Duration(),
            "How long after the job the VM of a failed job stays; it counts against 'limits' for that long.",
            "2h", it => it.For, (it, value) => it with { For = value }, otherwise: "it goes with the job")
        .OneOrMore("projects", Kinds.ProjectGlob,
            "The projects whose VMs stay, as in 'allow: projects'.",
            "group/**", it => it.Projects, (it, value) => it with { Projects = value }, otherwise: "all projects", onlyWith: new("for"));
}
