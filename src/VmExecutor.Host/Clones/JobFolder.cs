using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Clones;

/// <summary>
/// The meaning of a name below <c>state_dir/jobs</c>: a job's key is its directory; <c>.new-KEY-…</c> and <c>.gone-KEY-…</c> are half
/// made or half removed.
/// </summary>
/// <param name="Key">The job's key.</param>
/// <param name="Path">The path.</param>
/// <param name="IsHalf">Its making or removing is under way, or was interrupted.</param>
public sealed record JobFolder(JobKey Key, AbsolutePath Path, bool IsHalf)
{
    /// <summary>All folders of jobs, and the names that the driver has not made.</summary>
    /// <exception cref="HostFileException">The directory cannot be listed.</exception>
    public static (IReadOnlyList<JobFolder> Ours, IReadOnlyList<AbsolutePath> Others) List(AbsolutePath stateDir)
    {
        var jobs = JobPaths.Jobs(stateDir);
        try
        {
            var folders = new List<JobFolder>();
            var others = new List<AbsolutePath>();
            foreach (var path in HostDirectory.List(jobs).Select(entry => entry.Path).OfType<AbsolutePath>())
            {
                if (Recognize(path) is { } folder)
                {
                    folders.Add(folder);
                }
                else
                {
                    others.Add(path);
                }
            }

            return (folders, others);
        }
        catch (HostFileException gone) when (gone.IsMissing)
        {
            return ([], []);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the directory {jobs} cannot be listed", e);
        }
    }

    internal static AbsolutePath Half(JobPaths paths, JobKey key, string kind) =>
        paths.Directory.Parent().Child(HalfMadeName.Of(kind, key.Value, HalfMadeName.Digits(Guid.NewGuid())));

    internal static IReadOnlyList<AbsolutePath> HalfMadeOf(JobPaths paths, JobKey key) =>
    [
        .. HostDirectory.Directories(paths.Directory.Parent()).Where(path =>
            path.Name.StartsWith($"{HalfMadeName.Making}{key}-", StringComparison.Ordinal) || path.Name.StartsWith($"{HalfMadeName.Removing}{key}-", StringComparison.Ordinal)),
    ];

    private static JobFolder? Recognize(AbsolutePath path)
    {
        var name = path.Name;
        if (FileStat.TryRead(path, followLinks: false) is not { IsDirectory: true })
        {
            return null;
        }

        if (JobKey.TryParse(name, out var key))
        {
            return new JobFolder(key, path, IsHalf: false);
        }

        return HalfMadeName.SubjectOf(name) is { } subject && JobKey.TryParse(subject, out key) ? new JobFolder(key, path, IsHalf: true) : null;
    }
}
