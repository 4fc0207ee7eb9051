using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images;

/// <summary>
/// Removes generations. The caller holds the image's lock; jobs take none, so a generation is first renamed, then looked at again for
/// jobs: a job writes its record before it looks whether its generation is there, so one of the two sees the other.
/// </summary>
public sealed class GenerationRemover(AbsolutePath stateDir)
{
    /// <exception cref="SystemFailureException">Jobs stand on it, or the file system refused.</exception>
    public void Remove(ImageName image, Generation generation)
    {
        EnsureUnused(image, generation);
        var half = ImagePaths.For(stateDir, image).Half(ImagePaths.Removing, generation.Number, Guid.NewGuid().ToString("N")[..8]);
        Directory.Move(generation.Directory.Value, half.Value);
        try
        {
            EnsureUnused(image, generation);
        }
        catch
        {
            Directory.Move(half.Value, generation.Directory.Value);
            throw;
        }

        Delete(half);
    }

    /// <summary>Removes an image's whole directory: pointer, generations, download, log. The same caution as with one.</summary>
    /// <exception cref="SystemFailureException">A job has come, or the file system refused.</exception>
    public void RemoveAll(ImageName image)
    {
        var paths = ImagePaths.For(stateDir, image);

        // First the pointer: whoever comes now gets none of these.
        File.Delete(paths.Current.Value);
        foreach (var generation in new Catalogue(stateDir).Of(image))
        {
            Remove(image, generation);
        }

        Delete(paths.Directory);
    }

    /// <summary>Removes what an interrupted publishing or removing has left.</summary>
    public static void RemoveHalfMade(Catalogue catalogue, ImageName image)
    {
        foreach (var half in catalogue.HalfMade(image))
        {
            Delete(half);
        }
    }

    /// <exception cref="HostFileException">The file system refused.</exception>
    public static void Delete(AbsolutePath directory)
    {
        try
        {
            Directory.Delete(directory.Value, recursive: true);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{directory} cannot be removed", e);
        }
    }

    /// <exception cref="SystemFailureException">Jobs stand on it.</exception>
    public void EnsureUnused(ImageName image, Generation generation)
    {
        var jobs = ImageUse.Of(stateDir, image)[generation.Number].ToList();
        if (jobs.Count > 0)
        {
            throw new SystemFailureException(
                ErrorCodes.GenerationInUse,
                $"generation {generation.Number} of image '{image}' is in use by {string.Join(", ", jobs.Take(3))}{(jobs.Count > 3 ? ", …" : "")}",
                "Wait until these jobs are over; see 'vm-executor list'. What is left of jobs goes with 'vm-executor gc'.");
        }
    }
}
