namespace VmExecutor.Core.ProjectDisks;

/// <summary>
/// Decides what a new version is made of. A version is one file, or a file and an overlay on it. A job's overlay on a version of two files is first put onto the lower file, which
/// takes what the upper file holds and no more. When the overlay is no longer small beside the file that it stands on, both are written into one new file. So what promotions cost in
/// all is a multiple of what jobs have written, whatever the size of the disk; and no chain has more than a file and two overlays.
/// </summary>
public static class VersionChoice
{
    /// <summary>The file that the job's overlay must be put onto before anything else; null: it stands on it already.</summary>
    /// <param name="files">Of the version that the job got.</param>
    public static string? NewBase(IReadOnlyList<string> files) => files.Count > 1 ? files[0] : null;

    /// <summary>True when overlay and base are to become one file.</summary>
    /// <param name="overlayBytes">Of the job's overlay on the host's disk, once it stands on the lowest file.</param>
    /// <param name="baseBytes">Of that file.</param>
    /// <param name="room">That the host's disk has for it; null: it does not say.</param>
    public static bool IsFlattened(long overlayBytes, long baseBytes, long? room) => overlayBytes >= baseBytes / 2 && !(room < overlayBytes + baseBytes);

    /// <summary>The next version.</summary>
    /// <param name="now">The state of the disk when it is made, which another job may have changed since this one got it: the last writer wins.</param>
    /// <param name="made">When.</param>
    /// <param name="job">Whose changes it has.</param>
    /// <param name="lower">The file that the new one stands on; null: on none.</param>
    /// <param name="bytes">Of its files.</param>
    public static ProjectDiskVersion Next(ProjectDiskState now, DateTimeOffset made, string job, string? lower, long bytes)
    {
        var number = now.Version.Number + 1;
        var file = ProjectDiskVersion.FileOf(now.Lineage, number);
        return new(number, made, job, lower is null ? [file] : [lower, file], bytes);
    }

    /// <summary>
    /// The files of a disk's directory that are of no use: neither the current version's nor of one that a job stands on, and records whose writer was killed. Who writes a record holds the
    /// disk's lock. A file that comes from another file system is written without it, by a job that has the disk.
    /// </summary>
    /// <param name="names">The names in the directory.</param>
    /// <param name="now">The disk's state.</param>
    /// <param name="uses">The disks of the jobs that there are.</param>
    public static IReadOnlyList<string> Unused(IEnumerable<string> names, ProjectDiskState now, IEnumerable<ProjectDiskUse> uses)
    {
        var jobs = uses.Where(use => use.Lineage == now.Lineage).ToList();
        var needed = now.Version.Files.Concat(jobs.SelectMany(use => use.Files)).ToHashSet(StringComparer.Ordinal);
        return [.. names.Where(name => ProjectDiskState.IsHalfRecord(name) || (ProjectDiskState.IsHalfFile(name) && jobs.Count == 0) || (ProjectDiskState.IsFile(name) && !needed.Contains(name)))];
    }
}
