using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Usage;

/// <summary>The lines of the ledger that count.</summary>
/// <param name="Since">Only those of VMs that were removed since then.</param>
/// <param name="Project">Only those of projects that it matches; null: of all.</param>
/// <param name="Image">Only those of this image; null: of all.</param>
public sealed record UsageFilter(DateTimeOffset Since, ProjectGlob? Project, string? Image)
{
    public bool Counts(LedgerEntry entry) =>
        entry.Removed >= Since && (Image is null || entry.Image == Image) && (Project is null || (entry.Project is { } project && Project.Matches(project)));
}
