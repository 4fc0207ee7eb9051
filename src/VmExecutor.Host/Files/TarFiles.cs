using System.Globalization;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>The result of unpacking.</summary>
/// <param name="Files">The number of files.</param>
/// <param name="Bytes">Of all of them.</param>
/// <param name="Links">The symbolic links, which were left out: one could lead anywhere on the host.</param>
public sealed record UnpackedTar(int Files, long Bytes, IReadOnlyList<string> Links);

/// <summary>
/// Unpacks an archive from a guest that is not trusted: only plain files that were asked for, never through a link of the archive or of the directory, and no
/// more bytes than are allowed.
/// </summary>
public static class TarFiles
{
    private const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode Plain =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <param name="tar">The archive; it can be sought.</param>
    /// <param name="directory">Made where it is missing; files of the same names are replaced.</param>
    /// <param name="wanted">Relative paths without <c>.</c> and <c>..</c> in them.</param>
    /// <param name="longest">How many bytes all files may have together: of two names of one file, each counts.</param>
    /// <exception cref="InvalidDataException">It is no archive, has more in it than is allowed, or leads through a link.</exception>
    /// <exception cref="IOException">The file system refused.</exception>
    public static UnpackedTar Unpack(Stream tar, AbsolutePath directory, IReadOnlySet<string> wanted, long longest)
    {
        var files = new Dictionary<string, long>(StringComparer.Ordinal);
        var links = new SortedSet<string>(StringComparer.Ordinal);
        var bytes = 0L;
        var entries = new TarEntries(tar);
        while (entries.Next() is { } entry)
        {
            var name = Trim(entry.Name);
            if (!wanted.Contains(name))
            {
                continue;
            }

            if (entry.Kind is TarEntryKind.SymbolicLink)
            {
                links.Add(name);
            }
            else if (entry.Kind is TarEntryKind.HardLink && Trim(entry.LinkName) is var first && first != name && files.TryGetValue(first, out var length))
            {
                // Of two names of one file tar packs the content once.
                bytes = Add(bytes, length, longest);
                HostFile.Copy(directory.Resolve(first).Value, Make(directory, name));
                files[name] = length;
            }
            else if (entry.Kind is TarEntryKind.File)
            {
                bytes = Add(bytes, entry.Length, longest);
                using var file = HostFile.Open(
                    Make(directory, name), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Plain | (entry.Mode & Execute) });
                entries.CopyTo(file);
                files[name] = entry.Length;
            }
        }

        return new UnpackedTar(files.Count, bytes, [.. links]);
    }

    private static string Trim(string name) => name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;

    private static long Add(long bytes, long length, long longest) => length <= longest - bytes
        ? bytes + length
        : throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"the files have more than {longest} bytes together, and no more are written"));

    /// <summary>A path for a new file: its directory is there, and nothing by its name.</summary>
    private static string Make(AbsolutePath directory, string name)
    {
        var segments = name.Split('/');
        var parent = directory.Value;
        HostDirectory.CreateDirectory(parent);
        foreach (var segment in segments[..^1])
        {
            parent = Path.Combine(parent, segment);
            if (HostFile.LinkTarget(parent) is not null)
            {
                throw new InvalidDataException($"{parent} is a symbolic link, and nothing is written through one");
            }

            HostDirectory.CreateDirectory(parent);
        }

        var path = Path.Combine(parent, segments[^1]);
        HostFile.Delete(path);
        return path;
    }
}
