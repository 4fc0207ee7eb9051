using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace VmExecutor.Host.Files;

/// <summary>
/// Removes a directory with all that is in it, whatever the names are, however deep it is, and never through a link. .NET cannot remove a name that is no UTF-8, and
/// no path longer than 4096 bytes; and a user whose directory this is may have made both.
/// </summary>
internal sealed class TreeRemoval
{
    private const int RemoveDirectory = 0x200; // AT_REMOVEDIR
    private const int NoSuchFile = 2; // ENOENT
    private const int Exists = 17; // EEXIST, the other answer for a directory that is not empty (rmdir(2))
    private const int NotADirectory = 20; // ENOTDIR
    private const int IsADirectory = 21; // EISDIR
    private const int NotEmpty = 39; // ENOTEMPTY

    /// <summary>Each level holds a descriptor, and a process has 1024 of them.</summary>
    private const int Deepest = 64;

    private readonly SafeFileHandle _top;
    private IOException? _first;
    private int _lifted;

    private TreeRemoval(SafeFileHandle top) => _top = top;

    /// <summary>A link to a directory is removed itself.</summary>
    /// <exception cref="IOException">Something is still there, or nothing was: the first failure. What could be removed is gone.</exception>
    public static void Run(RawPath path)
    {
        if (Libc.Unlink(Libc.CurrentDirectory, path.Terminated, RemoveDirectory) == 0)
        {
            return;
        }

        var failure = Libc.Failure();
        switch (failure.HResult)
        {
            case NotADirectory when FileStat.TryRead(path) is { IsDirectory: true } && Libc.Unlink(Libc.CurrentDirectory, path.Terminated, 0) == 0:
                return;
            case not (NotEmpty or Exists):
                throw failure;
        }

        var descriptor = Libc.OpenDescriptor(path.Terminated, OpenFlags.DirectoryItself);
        using var top = descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Libc.Failure();
        new TreeRemoval(top).RemoveAll();
        if (Libc.Unlink(Libc.CurrentDirectory, path.Terminated, RemoveDirectory) != 0)
        {
            throw Libc.Failure();
        }
    }

    private void RemoveAll()
    {
        int lifted;
        do
        {
            // Opened anew: what was read from a descriptor is not read again.
            lifted = _lifted;
            var descriptor = Libc.OpenAt(_top, ".\0"u8.ToArray(), OpenFlags.DirectoryItself);
            using var again = descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Libc.Failure();
            RemoveIn(again, 0);
        }
        while (_first is null && _lifted > lifted);

        if (_first is not null)
        {
            throw _first;
        }
    }

    private void RemoveIn(SafeFileHandle directory, int depth)
    {
        foreach (var (name, kind) in Names(directory))
        {
            if (kind == EntryKind.Directory || !TryUnlink(directory, name, 0, IsADirectory))
            {
                RemoveInner(directory, name, depth);
            }
        }
    }

    private void RemoveInner(SafeFileHandle directory, byte[] name, int depth)
    {
        if (TryUnlink(directory, name, RemoveDirectory, NotEmpty))
        {
            return;
        }

        if (depth == Deepest)
        {
            // Further up there is room for it; the next round takes it from there.
            var above = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $".deep-{_lifted++}-{Guid.NewGuid():N}\0"));
            Note(Libc.Rename(directory, name, _top, above) == 0);
            return;
        }

        var descriptor = Libc.OpenAt(directory, name, OpenFlags.DirectoryItself);
        if (!Note(descriptor >= 0))
        {
            return;
        }

        using (var inner = new SafeFileHandle(descriptor, ownsHandle: true))
        {
            RemoveIn(inner, depth + 1);
        }

        Note(Libc.Unlink(directory, name, RemoveDirectory) == 0);
    }

    /// <summary>False: it failed so that something else has to be tried.</summary>
    private bool TryUnlink(SafeFileHandle directory, byte[] name, int flags, int other)
    {
        if (Libc.Unlink(directory, name, flags) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        if (error == other || (other == NotEmpty && error == Exists))
        {
            return false;
        }

        Note(isDone: false);
        return true;
    }

    /// <summary>Keeps the first failure; what another process has removed meanwhile is none.</summary>
    private bool Note(bool isDone)
    {
        if (!isDone && Libc.Failure() is var failure && failure.HResult != NoSuchFile)
        {
            _first ??= failure;
        }

        return isDone;
    }

    private IEnumerable<(byte[] Name, EntryKind Kind)> Names(SafeFileHandle directory)
    {
        try
        {
            return DirectoryReader.Names(directory);
        }
        catch (IOException e)
        {
            _first ??= e;
            return [];
        }
    }
}
