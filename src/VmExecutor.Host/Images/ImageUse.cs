using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;

namespace VmExecutor.Host.Images;

/// <summary>Which jobs stand on which generation, by their records.</summary>
public static class ImageUse
{
    /// <summary>The jobs that were made of an image's generation and are not removed yet.</summary>
    /// <exception cref="Files.HostFileException">The directory of the jobs cannot be listed.</exception>
    public static ILookup<int, JobKey> Of(AbsolutePath stateDir, ImageName image) =>
        JobFolder.List(stateDir).Ours.Where(folder => !folder.IsHalf)
            .Select(folder => (folder.Key, JobDirectory.Of(stateDir, folder.Key).Read()?.Stamp))
            .Where(job => job.Stamp is { Generation: not null } stamp && stamp.Image == image.Value)
            .ToLookup(job => job.Stamp!.Generation!.Value, job => job.Key);
}
