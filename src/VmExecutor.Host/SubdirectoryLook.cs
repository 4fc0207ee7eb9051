using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host;

/// <summary>Finds files below the directory of the images that would be images if they lay in it. They are not read.</summary>
internal static class SubdirectoryLook
{
    private const int Deepest = 3;

    /// <summary>The most entries that are looked at. A directory with more is something else, such as a checkout.</summary>
    private const int MostLookedAt = 2000;

    /// <summary>The subdirectories of the images' directory that have files which look like images, each with the first of them.</summary>
    public static IEnumerable<IgnoredImage> Images(AbsolutePath directory) =>
        Unhidden(HostDirectory.Directories(directory)).Select(Look).OfType<IgnoredImage>();

    private static IgnoredImage? Look(AbsolutePath subdirectory)
    {
        try
        {
            var left = MostLookedAt;
            var found = Below(subdirectory, Deepest, ref left);
            return found.Count == 0 ? null : new IgnoredImage(
                found[0],
                $"it lies in a subdirectory{(found.Count == 1 ? "" : $", as {found.Count - 1} more in {subdirectory} do")}, and images are the files of images_dir itself; move it there if it is one");
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return new IgnoredImage(subdirectory, $"images are the files of images_dir itself, and this directory cannot be looked into ({HostFileException.ReasonOf(e)})");
        }
    }

    private static List<AbsolutePath> Below(AbsolutePath directory, int depth, ref int left)
    {
        List<AbsolutePath> found = [.. Unhidden(HostDirectory.Files(directory)).Take(left).Where(file => ImageFileName.IsImage(file.Name))];
        left -= found.Count + 1;
        foreach (var inner in depth == 1 ? [] : Unhidden(HostDirectory.Directories(directory)))
        {
            // A link may lead back up.
            if (left > 0 && FileStat.TryRead(inner, followLinks: false) is { IsDirectory: true })
            {
                found.AddRange(Below(inner, depth - 1, ref left));
            }
        }

        return found;
    }

    /// <summary>Hidden ones are of programs (.git).</summary>
    private static IEnumerable<AbsolutePath> Unhidden(IReadOnlyList<AbsolutePath> paths) => paths.Where(path => path.Name[0] != '.');
}
