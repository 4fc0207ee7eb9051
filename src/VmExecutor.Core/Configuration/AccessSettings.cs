using VmExecutor.Core.Configuration.Options;

namespace VmExecutor.Core.Configuration;

/// <summary>The jobs that may use an image, by the facts in the job response; a job that is not certainly allowed is refused.</summary>
public sealed record AccessSettings
{
    /// <summary>Globs of project paths (<c>group/*</c>: one level, <c>group/**</c>: all below); empty: every project.</summary>
    public IReadOnlyList<string> Projects { get; init; } = [];

    public bool ProtectedRefs { get; init; }

    internal static readonly Section<AccessSettings> Keys = new Section<AccessSettings>(new())
        .OneOrMore("projects", Kinds.ProjectGlob,
            "The projects whose jobs may use the image, by the path that GitLab tells: * is any run of characters within one segment, ** also across slashes; case does not matter.",
            "group/**", it => it.Projects, (it, value) => it with { Projects = value }, otherwise: "all projects")
        .Key("protected_refs", Kinds.Switch,
            "Whether only jobs of protected branches and tags may use the image.",
            "true", it => it.ProtectedRefs, (it, value) => it with { ProtectedRefs = value });
}
