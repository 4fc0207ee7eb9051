using System.Text.RegularExpressions;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Leftovers;

/// <summary>
/// Files that are written beside their place and then renamed (<see cref="AtomicFile"/>), and whose writer was killed in between. A
/// writer that lives holds a lock on the file; and to be sure, it must have been made a while ago.
/// </summary>
internal static partial class HalfMadeFiles
{
    private static readonly TimeSpan LongAgo = TimeSpan.FromMinutes(1);

    public static IReadOnlyList<AbsolutePath> Find(AbsolutePath stateDir, DateTimeOffset now)
    {
        try
        {
            var images = ImagePaths.All(stateDir);
            return
            [
                .. HostDirectory.List(stateDir).Concat(HostDirectory.Look(images.Value) == Presence.There ? HostDirectory.Below(images) : [])
                    .Where(entry => !entry.IsDirectory && Ours().IsMatch(entry.Name)).Select(entry => entry.Path).OfType<AbsolutePath>()
                    .Where(path => IsAbandoned(path, now)),
            ];
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return [];
        }
    }

    private static bool IsAbandoned(AbsolutePath path, DateTimeOffset now)
    {
        if (FileStat.TryRead(path)?.Born is not { } born || now - born < LongAgo)
        {
            return false;
        }

        try
        {
            // .NET locks what it opens (flock(2)): shared for writers that let others read, exclusive here.
            using var alone = HostFile.Open(path.Value, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return false;
        }
    }

    [GeneratedRegex(@"\.[0-9a-f]{32}\.tmp\z")]
    private static partial Regex Ours();
}
