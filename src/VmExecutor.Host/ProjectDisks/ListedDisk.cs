using VmExecutor.Core.ProjectDisks;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.ProjectDisks;

/// <summary>A project's disk for people.</summary>
/// <param name="Key">Its key.</param>
/// <param name="State">Its record; null: damaged, or only a disk that was put aside is left.</param>
/// <param name="Bytes">Of all its files on the host's disk.</param>
/// <param name="Jobs">The number of jobs that have it now.</param>
/// <param name="HasDamaged">True: a disk that guests did not mount was put aside.</param>
public sealed record ListedDisk(ProjectDiskKey Key, ProjectDiskState? State, long Bytes, int Jobs, bool HasDamaged)
{
    private const int LongestName = 200;
    private const int LongestImage = 100;

    /// <summary>Its project for administrators: <c>of group/project, ref branch/main (image 'small')</c>. No line of it may reach another project's job log.</summary>
    public string Name => State is not { } state
        ? Key.Value
        : $"of {PlainText.OneLine($"{state.Project}{(state.Owner is { PartText: { Length: > 0 } part } ? $", {part}" : "")}", LongestName)} (image '{PlainText.OneLine(state.Image, LongestImage)}')";

    /// <summary>As the quotas see it; null: it has no record.</summary>
    internal MeasuredDisk? Measured => State is { Owner: { } owner } state ? new(Key, owner, Bytes, state.Used, Jobs > 0) { IsEmpty = state.Version.Number == 0 } : null;

    /// <param name="folder">The disk.</param>
    /// <param name="jobs">The disks of the jobs that there are, by their keys.</param>
    internal static ListedDisk Of(DiskFolder folder, ILookup<string, ProjectDiskUse> jobs)
    {
        var state = folder.Read();
        return new(folder.Key, state, folder.Bytes(), jobs[folder.Key.Value].Count(use => use.Lineage == state?.Lineage), HostDirectory.Exists(folder.AsidePath.Value));
    }
}

/// <summary>A disk that was removed.</summary>
/// <param name="Disk">What it was.</param>
/// <param name="Why">As the end of a sentence, behind "since".</param>
public sealed record RemovedDisk(ListedDisk Disk, string Why);
