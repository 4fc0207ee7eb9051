using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>The settings for disks that keep checkouts and caches of a project from job to job.</summary>
public sealed record ProjectDiskSettings
{
    /// <summary>As small as an ext4 with a journal of use can be.</summary>
    internal static readonly ByteSize Smallest = ByteSize.FromMebibytes(64);

    private static readonly TimeSpan LongestKeep = TimeSpan.FromDays(365);

    /// <summary>Null: projects have no disks, unless <see cref="Projects"/> says so.</summary>
    public ByteSize? Size { get; init; }

    public ProjectDiskWrite Write { get; init; } = ProjectDiskWrite.Protected;

    public ProjectDiskScope Scope { get; init; } = ProjectDiskScope.Project;

    /// <summary>A disk that no job has used for this long goes.</summary>
    public TimeSpan Keep { get; init; } = TimeSpan.FromDays(14);

    /// <summary>The most that all disks of the image may take on the host.</summary>
    public ByteSize MaxTotal { get; init; } = ByteSize.FromMebibytes(100 << 10);

    /// <summary>The most that all disks of one project may take; null: only <see cref="MaxTotal"/> counts.</summary>
    public ByteSize? MaxProject { get; init; }

    /// <summary>The policies of some projects, in place of the image's own; the first that fits counts.</summary>
    public IReadOnlyList<ProjectDiskRule> Projects { get; init; } = [];

    internal static readonly Section<ProjectDiskSettings> Keys = new Section<ProjectDiskSettings>(new())
        .Key("size", Kinds.Size(Smallest),
            "The size of a project's disk as its jobs see it. It takes on the host what is written to it.",
            "20GiB", it => it.Size, (it, value) => it with { Size = value }, otherwise: "projects have no disk")
        .Key("write", Kinds.Choice<ProjectDiskWrite>(),
            "The jobs whose changes stay: protected: successful jobs of protected branches and tags. always: all successful jobs. never: none. The others have the disk, too, and what they change goes with their VM.",
            "always", it => it.Write, (it, value) => it with { Write = value })
        .Key("scope", Kinds.Choice<ProjectDiskScope>(),
            "The jobs that share a disk: those of a project, those of a project and a branch or tag, or those of a project that have the same name. Jobs of another image have another disk in any case.",
            "project-and-ref", it => it.Scope, (it, value) => it with { Scope = value })
        .Key("keep", Kinds.Duration(LongestKeep),
            "A disk that no job has used for this long is removed.",
            "30d", it => it.Keep, (it, value) => it with { Keep = value })
        .Key("max_total", Kinds.Size(),
            "The most that all disks of the image may take on the host; those that were not used for the longest time go first.",
            "200GiB", it => it.MaxTotal, (it, value) => it with { MaxTotal = value })
        .Key("max_project", Kinds.Size(),
            "The most that all disks of one project may take on the host, where 'scope' gives it several.",
            "40GiB", it => it.MaxProject, (it, value) => it with { MaxProject = value }, otherwise: "only `max_total` counts")
        .ListOf("projects", ProjectDiskRule.Keys,
            "Policies of projects, in place of the image's own. The first whose pattern fits the job's project counts; what it does not say is the image's.",
            "[{projects: group/**, write: never}]", it => it.Projects, (it, value) => it with { Projects = value }, otherwise: "all projects have the image's");

    /// <summary>True when some job can have a disk.</summary>
    public bool HasDisks() => Size is not null || Projects.Any(rule => rule is { Enabled: true, Size: not null });

    /// <summary>Null: jobs of the project have no disk.</summary>
    /// <param name="project">The project's path.</param>
    public ProjectDiskPolicy? PolicyFor(string project)
    {
        var rule = Projects.FirstOrDefault(one => one.Projects.Any(pattern => ProjectGlob.TryParse(pattern, out var glob) && glob.Matches(project)));
        return rule is { Enabled: false } || (rule?.Size ?? Size) is not { } size ? null : new ProjectDiskPolicy(size, rule?.Write ?? Write, rule?.Scope ?? Scope);
    }
}

/// <summary>The policy for the disks of some projects.</summary>
public sealed record ProjectDiskRule
{
    /// <summary>Globs of project paths.</summary>
    public IReadOnlyList<string> Projects { get; init; } = [];

    public bool Enabled { get; init; } = true;

    /// <inheritdoc cref="ProjectDiskSettings.Size"/>
    public ByteSize? Size { get; init; }

    /// <summary>Null: the image's.</summary>
    public ProjectDiskWrite? Write { get; init; }

    /// <summary>Null: the image's.</summary>
    public ProjectDiskScope? Scope { get; init; }

    internal static readonly Section<ProjectDiskRule> Keys = new Section<ProjectDiskRule>(new())
        .OneOrMore("projects", Kinds.ProjectGlob,
            "The projects, by the path that GitLab tells: * is any run of characters within one segment, ** also across slashes.",
            "group/**", it => it.Projects, (it, value) => it with { Projects = value }, otherwise: "no project")
        .Key("enabled", Kinds.Switch,
            "Whether these projects have a disk at all.", "false", it => it.Enabled, (it, value) => it with { Enabled = value })
        .Key("size", Kinds.Size(ProjectDiskSettings.Smallest),
            "As the image's.", "40GiB", it => it.Size, (it, value) => it with { Size = value }, otherwise: "the image's")
        .Key("write", Kinds.Choice<ProjectDiskWrite>(),
            "As the image's.", "never", it => it.Write, (it, value) => it with { Write = value }, otherwise: "the image's")
        .Key("scope", Kinds.Choice<ProjectDiskScope>(),
            "As the image's.", "job-name", it => it.Scope, (it, value) => it with { Scope = value }, otherwise: "the image's");
}

/// <summary>The jobs whose changes become a disk's next version.</summary>
public enum ProjectDiskWrite
{
    /// <summary>Jobs of protected branches and tags.</summary>
    Protected,

    /// <summary>All jobs.</summary>
    Always,

    /// <summary>No jobs.</summary>
    Never,
}

/// <summary>The jobs that share a disk, always of one image.</summary>
public enum ProjectDiskScope
{
    /// <summary>Those of a project.</summary>
    Project,

    /// <summary>Those of a project's branch or tag.</summary>
    ProjectAndRef,

    /// <summary>Those of a project that have the same name.</summary>
    JobName,
}
