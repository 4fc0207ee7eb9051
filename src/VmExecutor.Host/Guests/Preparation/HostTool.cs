using System.Globalization;
using System.IO.Hashing;
using System.Text;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Guests.Preparation;

/// <summary>A file or directory of the host that a guest gets, as it is now.</summary>
/// <param name="Name">The name for people.</param>
/// <param name="Path">The path from which it is read.</param>
/// <param name="Target">Its place in the guest.</param>
/// <param name="IsDirectory">With all that is in it.</param>
/// <param name="Mode">Its own mode.</param>
/// <param name="Bytes">Of all files together.</param>
/// <param name="Fingerprint">Of paths, modes, sizes and times of change; another one means that it may be another thing.</param>
internal sealed record HostTool(string Name, AbsolutePath Path, string Target, bool IsDirectory, UnixFileMode Mode, long Bytes, string Fingerprint)
{
    /// <summary>A directory of more entries is none of tools.</summary>
    private const int MostEntries = 100_000;

    /// <param name="name">The name for people.</param>
    /// <param name="path">The path from which it is read.</param>
    /// <param name="known">Its path for the fingerprint.</param>
    /// <param name="target">Its place in the guest.</param>
    /// <exception cref="IOException">It is missing, cannot be looked at, or is neither file nor directory.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be looked at.</exception>
    public static HostTool Look(string name, AbsolutePath path, string known, string target)
    {
        var stat = FileStat.TryRead(path) ?? throw new FileNotFoundException($"{path} does not exist");
        if (!stat.IsDirectory && !stat.IsRegular)
        {
            throw new IOException($"{path} is neither a file nor a directory");
        }

        var hash = new XxHash128();
        Append(hash, known, stat);
        var bytes = stat.IsDirectory ? AppendAll(hash, path) : stat.Bytes;
        return new HostTool(name, path, target, stat.IsDirectory, stat.Mode, bytes, Convert.ToHexStringLower(hash.GetCurrentHash()));
    }

    /// <summary>The entries of a directory, its own left out; links are not followed.</summary>
    internal static IEnumerable<(AbsolutePath Path, string Name)> EntriesOf(AbsolutePath directory) =>
        HostDirectory.Below(directory)
            .Select(entry => entry.Path ?? throw new IOException($"{directory} has a name in it that is no text in UTF-8 or has a line break: {entry.Name}"))
            .OrderBy(path => path.Value, StringComparer.Ordinal)
            .Select(path => (path, System.IO.Path.GetRelativePath(directory.Value, path.Value)));

    private static long AppendAll(XxHash128 hash, AbsolutePath directory)
    {
        var (bytes, count) = (0L, 0);
        foreach (var (path, name) in EntriesOf(directory))
        {
            if (++count > MostEntries)
            {
                throw new IOException($"{directory} has more than {MostEntries} entries");
            }

            var stat = FileStat.TryRead(path, followLinks: false) ?? throw new FileNotFoundException($"{path} has vanished");
            Append(hash, name, stat);
            bytes += stat.IsRegular ? stat.Bytes : 0;
        }

        return bytes;
    }

    private static void Append(XxHash128 hash, string name, FileStat stat) => hash.Append(Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"{name}\0{(int)stat.Mode}\0{(stat.IsDirectory ? 0 : stat.Bytes)}\0{(stat.IsDirectory ? 0 : stat.ModifiedNanoseconds)}\0")));
}
