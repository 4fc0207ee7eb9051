using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.ProjectDisks;

/// <summary>The policy for the disk of one project's jobs.</summary>
/// <param name="Size">As its jobs see it.</param>
/// <param name="Write">The jobs whose changes stay.</param>
/// <param name="Scope">The jobs that share it.</param>
public sealed record ProjectDiskPolicy(ByteSize Size, ProjectDiskWrite Write, ProjectDiskScope Scope);

/// <summary>The disk of one job, decided from the trusted job and the configuration before anything is made.</summary>
/// <param name="Owner">The jobs that share it.</param>
/// <param name="Size">As jobs see it, when it is made.</param>
/// <param name="Refusal">The reason why the job's changes do not stay, one of <see cref="ProjectDiskRefusals"/>; null: they stay if it succeeds.</param>
public sealed record ProjectDiskPlan(ProjectDiskOwner Owner, ByteSize Size, string? Refusal)
{
    /// <summary>The directory of checkouts in the guest.</summary>
    public required string BuildsDir { get; init; }

    /// <summary>The directory of caches in the guest.</summary>
    public required string CacheDir { get; init; }

    /// <summary>The disk's key.</summary>
    public ProjectDiskKey Key => ProjectDiskKey.Of(Owner);

    /// <param name="job">The trusted job.</param>
    /// <param name="image">The image that it gets.</param>
    /// <returns>Null: the job has none. A server that does not tell the project's number, or the ref or name that the scope needs, gets none: a disk must never be another project's.</returns>
    public static ProjectDiskPlan? For(Job job, ImageDefinition image)
    {
        if (job is not { ProjectPath: { } path, ProjectId: { } id } || image.ProjectDisk.PolicyFor(path) is not { } policy)
        {
            return null;
        }

        var part = policy.Scope switch
        {
            ProjectDiskScope.ProjectAndRef => job.Ref,
            ProjectDiskScope.JobName => job.Name,
            _ => "",
        };
        return part is null ? null : new ProjectDiskPlan(
            new ProjectDiskOwner(job.Server, id, path, image.Name.Value, policy.Scope, part), policy.Size, RefusalOf(policy.Write, job.ProtectedRef))
        {
            BuildsDir = image.BuildsDir,
            CacheDir = image.CacheDir,
        };
    }

    private static string? RefusalOf(ProjectDiskWrite write, bool? isProtected) => write switch
    {
        ProjectDiskWrite.Always => null,
        ProjectDiskWrite.Never => ProjectDiskRefusals.Never,
        _ => isProtected == true ? null : ProjectDiskRefusals.Unprotected,
    };
}

/// <summary>The jobs that share a disk.</summary>
/// <param name="Server">Scheme, host and port of the GitLab server.</param>
/// <param name="ProjectId">The project's number there, which stays when the project is renamed and is never given to another.</param>
/// <param name="Project">The project's path, for people.</param>
/// <param name="Image">The image's name.</param>
/// <param name="Scope">The kind of jobs.</param>
/// <param name="Part">The branch or tag, or the job's name; empty: all of the project.</param>
public sealed record ProjectDiskOwner(string Server, long ProjectId, string Project, string Image, ProjectDiskScope Scope, string Part)
{
    /// <summary><c>ref main</c>, <c>job build</c>; empty: all jobs of the project.</summary>
    public string PartText => Scope switch
    {
        ProjectDiskScope.ProjectAndRef => $"ref {Part}",
        ProjectDiskScope.JobName => $"job {Part}",
        _ => "",
    };
}
