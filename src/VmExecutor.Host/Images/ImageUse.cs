using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images;

/// <summary>Finds the jobs that stand on each generation, by their records.</summary>
public static class ImageUse
{
    /// <summary>The jobs that were made of an image's generation and are not removed yet.</summary>
    /// <exception cref="HostFileException">The directory of the jobs cannot be listed, or a job's record not looked at: it may stand on any.</exception>
    public static ILookup<int, JobKey> Of(AbsolutePath stateDir, ImageName image) =>
        JobFolder.List(stateDir).Ours.Where(folder => !folder.IsHalf)
            .Select(folder => (folder.Key, Read(JobDirectory.Of(stateDir, folder.Key))?.Stamp))
            .Where(job => job.Stamp is { Generation: not null } stamp && stamp.Image == image.Value)
            .ToLookup(job => job.Stamp!.Generation!.Value, job => job.Key);

    private static JobRecord? Read(JobDirectory directory)
    {
        var (record, outOfReach) = directory.Look();
        return outOfReach is null ? record : throw new HostFileException($"which image the job in {directory.Paths.Directory} stands on is not known", outOfReach);
    }
}
