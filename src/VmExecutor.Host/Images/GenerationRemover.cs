using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images;

/// <summary>
/// Removes generations. The caller holds the image's lock, and jobs take none. So a generation is first renamed, then looked at again for
/// jobs. A job writes its record before it looks whether its generation is there, so one of the two sees the other.
/// </summary>
public sealed class GenerationRemover
{
    private readonly AbsolutePath _stateDir;
    private readonly Func<ImageName, ILookup<int, JobKey>> _use;

    public GenerationRemover(AbsolutePath stateDir)
        : this(stateDir, image => ImageUse.Of(stateDir, image))
    {
    }

    internal GenerationRemover(AbsolutePath stateDir, Func<ImageName, ILookup<int, JobKey>> use) => (_stateDir, _use) = (stateDir, use);

    /// <summary>Removes one, damaged or whole.</summary>
    /// <exception cref="SystemFailureException">Jobs stand on it, or the file system refused: then it is there as before.</exception>
    public void Remove(ImageName image, int number)
    {
        var paths = ImagePaths.For(_stateDir, image);
        Remove(paths.Generation(number), paths.Half(HalfMadeName.Removing, number, HalfMadeName.Digits(Guid.NewGuid())), () => EnsureUnused(image, number));
    }

    /// <summary>Removes an image's whole directory in one step: pointer, generations, download, log.</summary>
    /// <exception cref="SystemFailureException">Jobs stand on one of its generations, or the file system refused: then all is there as before.</exception>
    public void RemoveAll(ImageName image)
    {
        var paths = ImagePaths.For(_stateDir, image);
        Remove(paths.Directory, paths.Gone(HalfMadeName.Digits(Guid.NewGuid())), () =>
        {
            foreach (var generation in _use(image))
            {
                EnsureUnused(image, generation.Key, generation);
            }
        });
    }

    /// <summary>Removes the remains of an interrupted publishing or removing.</summary>
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
            HostDirectory.Delete(directory.Value, recursive: true);
        }
        catch (HostFileException gone) when (gone.IsMissing)
        {
            // Another process has removed it.
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{directory} cannot be removed", e);
        }
    }

    private static void Remove(AbsolutePath directory, AbsolutePath half, Action ensureUnused)
    {
        ensureUnused();
        Move(directory, half);
        try
        {
            ensureUnused();
        }
        catch
        {
            Move(half, directory);
            throw;
        }

        Delete(half);
    }

    private static void Move(AbsolutePath from, AbsolutePath to)
    {
        try
        {
            HostDirectory.Move(from.Value, to.Value);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{from} cannot be renamed to {to.Name}", e);
        }
    }

    private void EnsureUnused(ImageName image, int number) => EnsureUnused(image, number, _use(image)[number]);

    private static void EnsureUnused(ImageName image, int number, IEnumerable<JobKey> users)
    {
        var jobs = users.ToList();
        if (jobs.Count > 0)
        {
            throw new SystemFailureException(
                ErrorCodes.GenerationInUse,
                $"generation {number} of image '{image}' is in use by {string.Join(", ", jobs.Take(3))}{(jobs.Count > 3 ? ", …" : "")}",
                "Wait until these jobs are over; see 'vm-executor list'. What is left of jobs goes with 'vm-executor gc'.");
        }
    }
}
