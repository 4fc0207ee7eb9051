using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>Gives somebody else's file a new content: at once, with its owner and mode, and with a copy of the old one beside it.</summary>
public static class KeptFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <param name="file">Need not exist; a symbolic link stays one, and what it leads to is replaced.</param>
    /// <param name="content">Its whole new content.</param>
    /// <param name="suffix">Of the copy, which replaces one that is there.</param>
    /// <returns>The copy; null: there was nothing to copy.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">We may not.</exception>
    public static AbsolutePath? Replace(AbsolutePath file, string content, string suffix)
    {
        var target = new FileInfo(file.Value).ResolveLinkTarget(returnFinalTarget: true) is { } led ? new AbsolutePath(led.FullName) : file;
        var stat = FileStat.TryRead(target);
        AbsolutePath? copy = null;
        if (stat is not null)
        {
            copy = new AbsolutePath(target.Value + suffix);
            Put(copy, File.ReadAllText(target.Value), stat);
        }

        Put(target, content, stat);
        return copy;
    }

    /// <summary>Nobody reads a token in it before it has its owner and mode.</summary>
    private static void Put(AbsolutePath file, string content, FileStat? like) => AtomicFile.Write(file, content, OwnerOnly, durably: true, temporary =>
    {
        if (like is null)
        {
            return;
        }

        if (FileOwner.Change(temporary, like.Owner, like.Group) is { } why)
        {
            throw new UnauthorizedAccessException($"its owner (user {like.Owner}) cannot be kept: {why}");
        }

        File.SetUnixFileMode(temporary, like.Mode);
    });
}
