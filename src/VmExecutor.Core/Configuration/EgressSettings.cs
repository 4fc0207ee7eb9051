using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>The destinations that the guests of an image's jobs may reach.</summary>
public sealed record EgressSettings
{
    /// <summary>Null: nothing was said.</summary>
    public EgressMode? Mode { get; init; }

    /// <summary>Each as <see cref="EgressRule"/> reads it; null: nothing was said.</summary>
    public IReadOnlyList<EgressRule>? Allow { get; init; }

    /// <summary>The policies of some projects, which take the place of the image's own; the first that fits counts.</summary>
    public IReadOnlyList<ProjectEgress> Projects { get; init; } = [];

    internal static readonly Section<EgressSettings> Keys = new Section<EgressSettings>(new())
        .Key("mode", Kinds.Choice<EgressMode>(),
            "enforce: guests reach only what 'allow' names, and nothing where it is missing. watch: nothing is refused, and what would be is noted: 'vm-executor egress'. open: all but what is closed to all guests.",
            "watch", it => it.Mode, (it, value) => it with { Mode = value }, otherwise: "enforce with `allow`, else open")
        .OneOrMore("allow", Kinds.Egress,
            "A destination that guests may reach: a name, a name with all below it (leading dot), or a network, each with a port if you like. Without a port: everything, ICMP included.",
            ".example.com", it => it.Allow, (it, value) => it with { Allow = value }, otherwise: "everything")
        .ListOf("projects", ProjectEgress.Keys,
            "Policies of projects, in place of the image's own. The first whose pattern fits the job's project counts.",
            "[{projects: group/**, allow: [.example.com]}]", it => it.Projects, (it, value) => it with { Projects = value }, otherwise: "all projects have the image's");

    /// <summary>True when some job can have a policy.</summary>
    public bool HasPolicies() => IsPolicy(Mode, Allow) || Projects.Any(one => IsPolicy(one.Mode, one.Allow));

    /// <param name="image">The image's name.</param>
    /// <param name="project">Null: the server did not tell, so that no pattern fits.</param>
    /// <returns>Null: everything may be reached.</returns>
    public EgressPolicy? PolicyFor(string image, string? project)
    {
        var own = project is null ? null : Projects.FirstOrDefault(one => one.Projects.Any(pattern => ProjectGlob.TryParse(pattern, out var glob) && glob.Matches(project)));
        return own is null ? Policy(image, Mode, Allow) : Policy($"{image}, {string.Join(", ", own.Projects)}", own.Mode, own.Allow);
    }

    private static EgressPolicy? Policy(string name, EgressMode? mode, IReadOnlyList<EgressRule>? allow) =>
        IsPolicy(mode, allow) ? new EgressPolicy(name, mode == EgressMode.Watch, allow ?? []) : null;

    private static bool IsPolicy(EgressMode? mode, IReadOnlyList<EgressRule>? allow) => mode is EgressMode.Enforce or EgressMode.Watch || (mode is null && allow is not null);
}

/// <summary>The policy of some projects' jobs.</summary>
public sealed record ProjectEgress
{
    /// <summary>Globs of project paths.</summary>
    public IReadOnlyList<string> Projects { get; init; } = [];

    /// <inheritdoc cref="EgressSettings.Mode"/>
    public EgressMode? Mode { get; init; }

    /// <inheritdoc cref="EgressSettings.Allow"/>
    public IReadOnlyList<EgressRule>? Allow { get; init; }

    internal static readonly Section<ProjectEgress> Keys = new Section<ProjectEgress>(new())
        .OneOrMore("projects", Kinds.ProjectGlob,
            "The projects, by the path that GitLab tells: * is any run of characters within one segment, ** also across slashes.",
            "group/**", it => it.Projects, (it, value) => it with { Projects = value }, otherwise: "no project")
        .Key("mode", Kinds.Choice<EgressMode>(),
            "As the image's.", "enforce", it => it.Mode, (it, value) => it with { Mode = value }, otherwise: "enforce with `allow`, else open")
        .OneOrMore("allow", Kinds.Egress,
            "As the image's.", "registry.example.com:443", it => it.Allow, (it, value) => it with { Allow = value }, otherwise: "everything");
}

/// <summary>The ways in which a policy is used.</summary>
public enum EgressMode
{
    /// <summary>There is no policy: all but what is closed to all guests may be reached.</summary>
    Open,

    /// <summary>Everything else is refused.</summary>
    Enforce,

    /// <summary>Nothing is refused, and what would be is noted.</summary>
    Watch,
}
