using System.Formats.Tar;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>The result of unpacking.</summary>
/// <param name="Files">The number of files.</param>
/// <param name="Bytes">Of all of them.</param>
/// <param name="Links">The symbolic links, which were left out: one could lead anywhere on the host.</param>
public sealed record UnpackedTar(int Files, long Bytes, IReadOnlyList<string> Links);

/// <summary>
/// Unpacks an archive from a guest that is not trusted: only plain files that were asked for, and never through a link of the archive.
/// </summary>
public static class TarFiles
{
    private const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode Plain =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <param name="tar">The archive.</param>
    /// <param name="directory">Made where it is missing; files of the same names are replaced.</param>
    /// <param name="wanted">Relative paths without <c>.</c> and <c>..</c> in them.</param>
    /// <exception cref="InvalidDataException">It is no archive.</exception>
    /// <exception cref="IOException">The file system refused.</exception>
    public static UnpackedTar Unpack(Stream tar, AbsolutePath directory, IReadOnlySet<string> wanted)
    {
        var files = new HashSet<string>(StringComparer.Ordinal);
        var links = new List<string>();
        var bytes = 0L;
        using var reader = new TarReader(tar, leaveOpen: true);
        while (reader.GetNextEntry() is { } entry)
        {
            var name = Trim(entry.Name);
            if (!wanted.Contains(name))
            {
                continue;
            }

            if (entry.EntryType is TarEntryType.SymbolicLink)
            {
                links.Add(name);
            }
            else if (entry.EntryType is TarEntryType.HardLink && files.Contains(Trim(entry.LinkName)))
            {
                // Of two names of one file tar packs the content once.
                var path = Make(directory, name);
                HostFile.Copy(directory.Resolve(Trim(entry.LinkName)).Value, path, overwrite: true);
                files.Add(name);
            }
            else if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile)
            {
                var path = Make(directory, name);
                HostFile.Delete(path);
                var mode = Plain | (entry.Mode & Execute);
                using var file = HostFile.Open(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode });
                entry.DataStream?.CopyTo(file);
                files.Add(name);
                bytes += entry.Length;
            }
        }

        return new UnpackedTar(files.Count, bytes, links);
    }

    private static string Trim(string name) => name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;

    private static string Make(AbsolutePath directory, string name)
    {
        var path = directory.Resolve(name).Value;
        HostDirectory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }
}
