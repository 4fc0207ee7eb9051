using VmExecutor.Core.Observing;

namespace VmExecutor.Core.Usage;

/// <summary>
/// The runs of a job that take about the same memory of the host. Runs with another size or another kind of start say nothing of each other: a guest fills the memory of its VM with
/// page cache, and a VM that woke up from a template shares the template's pages with others.
/// </summary>
/// <param name="Project">Its path in GitLab.</param>
/// <param name="JobName">The job's name in <c>.gitlab-ci.yml</c>.</param>
/// <param name="Image">The image's name.</param>
/// <param name="MemoryBytes">The memory that its VM has.</param>
/// <param name="IsWoken">True: its VM woke up from a template; false: it booted.</param>
public sealed record JobKind(string Project, string JobName, string Image, long MemoryBytes, bool IsWoken)
{
    /// <summary>Null: it was no job of a project, or its VM was never started.</summary>
    public static JobKind? Of(LedgerEntry entry) =>
        entry is { Project: { } project, JobName: { } name, Image: { } image, MemoryBytes: > 0 and var bytes }
            ? (entry.StandbyMadeAs ?? entry.Start) switch
            {
                "warm" => new JobKind(project, name, image, bytes, IsWoken: true),
                "cold" => new JobKind(project, name, image, bytes, IsWoken: false),
                _ => null,
            }
            : null;
}
