using System.Text;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>
/// Gives a file that is not the driver's a new content: at once, with its owner and mode, and with a copy of the old one beside it.
/// </summary>
public static class KeptFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <param name="file">Need not exist; a symbolic link stays one, and what it leads to is replaced.</param>
    /// <param name="content">Its whole new content.</param>
    /// <param name="suffix">Of the copy, which replaces one that is there.</param>
    /// <returns>The copy; null: there was nothing to copy.</returns>
    /// <exception cref="HostFileException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Its owner cannot be kept.</exception>
    public static AbsolutePath? Replace(AbsolutePath file, string content, string suffix)
    {
        // A link that leads nowhere yet is followed, too; one that is no link, or not there, has no target.
        var target = HostFile.LinkTarget(file.Value) is null ? file : Target(file);
        var stat = FileStat.TryRead(target);
        AbsolutePath? copy = null;
        if (stat is not null)
        {
            copy = new AbsolutePath(target.Value + suffix);
            Put(copy, HostFile.ReadAllBytes(target.Value), stat);
        }

        Put(target, Encoding.UTF8.GetBytes(content), stat);
        return copy;
    }

    private static AbsolutePath Target(AbsolutePath link) => AbsolutePath.TryParse(HostFile.FinalTarget(link.Value), out var target)
        ? target
        : throw new HostFileException($"{link} cannot be replaced", new IOException("it is a symbolic link to a path with a line break")) { Path = link.Value };

    /// <summary>Writes it so that a token in it cannot be read before it has its owner and mode.</summary>
    private static void Put(AbsolutePath file, byte[] content, FileStat? like) => AtomicFile.Write(file, content, OwnerOnly, durably: true, temporary =>
    {
        if (like is null)
        {
            return;
        }

        if (FileOwner.Change(temporary, like.Owner, like.Group) is { } why)
        {
            throw new UnauthorizedAccessException($"its owner (user {like.Owner}) cannot be kept: {why}");
        }

        HostFile.SetUnixFileMode(temporary, like.Mode);
    });
}
