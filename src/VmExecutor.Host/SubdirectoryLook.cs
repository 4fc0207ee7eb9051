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
        Names(directory, path => HostDirectory.GetDirectories(path)).Order(StringComparer.Ordinal).Select(name => Look(directory.Child(name))).OfType<IgnoredImage>();

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
        List<AbsolutePath> found = [.. Names(directory, path => HostDirectory.GetFiles(path)).Take(left).Where(ImageFileName.IsImage).Order(StringComparer.Ordinal).Select(directory.Child)];
        left -= found.Count + 1;
        foreach (var name in depth == 1 ? [] : Names(directory, path => HostDirectory.GetDirectories(path)).Order(StringComparer.Ordinal).ToList())
        {
            // A link may lead back up.
            if (left > 0 && FileStat.TryRead(directory.Child(name), followLinks: false) is { IsDirectory: true })
            {
                found.AddRange(Below(directory.Child(name), depth - 1, ref left));
            }
        }

        return found;
    }

    /// <summary>Hidden ones are of programs (.git).</summary>
    private static IEnumerable<string> Names(AbsolutePath directory, Func<string, IEnumerable<string>> enumerate) =>
        enumerate(directory.Value).Select(path => Path.GetFileName(path)).Where(name => name[0] != '.' && !name.AsSpan().ContainsAny('\n', '\r'));
}
