using Microsoft.Win32.SafeHandles;

namespace VmExecutor.Host.Files;

/// <summary>
/// The files of the host: as <see cref="File"/>, but each failure is a <see cref="HostFileException"/> that names the path, the system's
/// reason and what to do. It is the one way to files outside this folder; a convention test refuses others. No method here waits for
/// something that is no file (a pipe, a device), and none reads more than it says: the writers of a file need not be trusted.
/// </summary>
public static class HostFile
{
    /// <summary>No file that is read as a whole has more, unless its reader says so: records, configuration, the kernel's tables.</summary>
    public const int Longest = 16 << 20;

    private const int SmallBlock = 4096;
    private const int MostAttempts = 100;
    private static readonly FileKind[] Plain = [FileKind.Regular];
    private static readonly FileKind[] Disks = [FileKind.Regular, FileKind.BlockDevice];

    /// <summary>
    /// True when a file, not a directory, is there. If the system does not say, this fails: "may not look" is not "is not there".
    /// </summary>
    /// <exception cref="HostFileException">The system does not say.</exception>
    public static bool Exists(string path) => IsThere(path, isDirectory: false);

    /// <summary>Tells whether a file, not a directory, is there, for a caller that treats all three answers.</summary>
    public static Presence Look(string path) => FileStat.Look(path, isDirectory: false).Presence;

    public static string ReadAllText(string path, int longest = Longest) => Text(ReadAllBytes(path, longest));

    /// <summary>Null: it is not there, or cannot be read.</summary>
    public static string? TryReadAllText(string path)
    {
        try
        {
            return ReadAllText(path);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }

    public static async Task<string> ReadAllTextAsync(string path, CancellationToken cancellationToken)
    {
        await using var stream = OpenRegular(path);
        return Text(await ReadAsync(stream, path, Longest, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>The whole content of a regular file.</summary>
    /// <param name="path">The file; the kernel's own, whose size is said to be 0, are read to their end.</param>
    /// <param name="longest">Of more bytes than this nothing is given.</param>
    /// <exception cref="HostFileException">It cannot be read, is too large, or is no regular file.</exception>
    public static byte[] ReadAllBytes(string path, int longest = Longest)
    {
        using var stream = OpenRegular(path);
        return ReadAsync(stream, path, longest, CancellationToken.None).GetAwaiter().GetResult();
    }

    /// <summary>
    /// The text that a person at the keyboard names: also a pipe, as the shell's <c>&lt;(command)</c> is one, which another process fills while it is read.
    /// </summary>
    public static async Task<string> ReadGivenTextAsync(string path, CancellationToken cancellationToken)
    {
        using var pinned = Do(path, "read", () => PinnedFile.Hold(path));
        if (pinned.Kind is not FileKind.Pipe)
        {
            return await ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false);
        }

        // Opening waits for the pipe's other end.
        await using var stream = await Task.Run(() => Do(path, "read", () => new FileStream(pinned.Link, FileMode.Open, FileAccess.Read)), CancellationToken.None)
            .WaitAsync(cancellationToken).ConfigureAwait(false);
        return Text(await ReadAsync(stream, path, Longest, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>All lines, read at once.</summary>
    public static IReadOnlyList<string> ReadLines(string path, int longest = Longest)
    {
        var lines = new List<string>();
        using var text = new StringReader(ReadAllText(path, longest));
        while (text.ReadLine() is { } line)
        {
            lines.Add(line);
        }

        return lines;
    }

    public static void WriteAllText(string path, string content) => WriteAllBytes(path, System.Text.Encoding.UTF8.GetBytes(content));

    public static async Task WriteAllTextAsync(string path, string content, CancellationToken cancellationToken)
    {
        await using var stream = Open(path, FileMode.Create, FileAccess.Write);
        await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(content), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Not by File, which reserves the space first and has no error number for a disk that is full.</summary>
    public static void WriteAllBytes(string path, byte[] content)
    {
        using var stream = Open(path, FileMode.Create, FileAccess.Write);
        stream.Write(content);
    }

    public static void AppendAllText(string path, string content)
    {
        using var stream = Open(path, FileMode.Append, FileAccess.Write);
        stream.Write(System.Text.Encoding.UTF8.GetBytes(content));
    }

    public static FileStream OpenRead(string path) => Open(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.Read });

    /// <summary>A stream whose reads, writes and flushes fail in the same way.</summary>
    public static FileStream Open(string path, FileStreamOptions options) =>
        Open(path, options, Disks);

    public static FileStream Open(string path, FileMode mode, FileAccess access, FileShare share = FileShare.Read, int bufferSize = 4096) =>
        Open(path, new FileStreamOptions { Mode = mode, Access = access, Share = share, BufferSize = bufferSize });

    public static SafeFileHandle OpenHandle(string path, FileMode mode = FileMode.Open, FileAccess access = FileAccess.Read, FileShare share = FileShare.Read) =>
        Do(path, access == FileAccess.Read ? "read" : "opened for writing", () => OpenPinned(path, mode, Disks, (place, how) => File.OpenHandle(place, how, access, share)));

    public static void CreateSymbolicLink(string path, string target) => Do(path, "made", () => File.CreateSymbolicLink(path, target));

    /// <summary>Nothing there is fine.</summary>
    public static void Delete(string path) => Do(path, "removed", () =>
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // Nor is its directory.
        }
    });

    /// <summary>For what is given up in any case: a failure to delete it must not hide why.</summary>
    public static void TryDelete(string path)
    {
        try
        {
            Delete(path);
        }
        catch (HostFileException)
        {
            // gc finds it by its name.
        }
    }

    public static void Move(string from, string to, bool overwrite = false) => Do(from, $"moved to {to}", () => File.Move(from, to, overwrite));

    public static void Copy(string from, string to, bool overwrite = false) => Do(from, $"copied to {to}", () =>
    {
        using var source = PinnedFile.Hold(from);
        EnsureNotOdd(source.Kind, Disks);
        OpenPinned(to, overwrite ? FileMode.Create : FileMode.CreateNew, Disks, (place, how) =>
        {
            File.Copy(source.Link, place, overwrite: how == FileMode.Create);
            return true;
        });
    });

    public static UnixFileMode GetUnixFileMode(string path) => Do(path, "looked at", () => File.GetUnixFileMode(path));

    public static void SetUnixFileMode(string path, UnixFileMode mode) => Do(path, $"given mode {Convert.ToString((int)mode, 8)}", () => File.SetUnixFileMode(path, mode));

    /// <summary>As above, of an open file.</summary>
    public static void SetUnixFileMode(FileStream file, UnixFileMode mode) =>
        Do(file.Name, $"given mode {Convert.ToString((int)mode, 8)}", () => File.SetUnixFileMode(file.SafeFileHandle, mode));

    /// <summary>The target of a symbolic link; null: it is none, or not there.</summary>
    public static string? LinkTarget(string path) => Do(path, "looked at", () =>
        new FileInfo(path).LinkTarget ?? (FileStat.Look(path, isDirectory: false).Failure is { } failure ? throw failure : null));

    /// <summary>The end of a chain of symbolic links; null: the path is none.</summary>
    public static string? FinalTarget(string path) => Do(path, "looked at", () => new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName);

    internal static bool IsThere(string path, bool isDirectory)
    {
        var (presence, failure) = FileStat.Look(path, isDirectory);
        return presence == Presence.Unknown ? throw new HostFileException($"{path} cannot be looked at", failure!) { Path = path } : presence == Presence.There;
    }

    internal static T Do<T>(string path, string verb, Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure(path, verb, e);
        }
    }

    internal static void Do(string path, string verb, Action act) => Do(path, verb, () =>
    {
        act();
        return true;
    });

    /// <summary>
    /// The reason why a path cannot be opened as a file or disk, as <c>it is a named pipe</c>; null: it can, or only opening it tells.
    /// </summary>
    public static string? WhyOdd(string path) => Oddity(path)?.Message;

    /// <summary>For what cannot be a block device either, as a key.</summary>
    public static FileStream OpenRegular(string path) => Open(
        path,
        new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 },
        Plain);

    /// <summary>
    /// One end of a named pipe, without a wait for the other end. Where there is no other end by now, reading is over at once, and writing fails.
    /// </summary>
    public static FileStream OpenPipe(string path, FileAccess access)
    {
        // Opened in both directions it waits for nothing (fifo(7)), and while it is held the one direction does not wait either.
        using var both = OpenPipeEnd(path, FileAccess.ReadWrite);
        return OpenPipeEnd(path, access);
    }

    private static HostFileStream OpenPipeEnd(string path, FileAccess access) =>
        Open(path, new FileStreamOptions { Mode = FileMode.Open, Access = access, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 }, [FileKind.Pipe]);

    private static HostFileStream Open(string path, FileStreamOptions options, FileKind[] fit) =>
        Do(path, options.Access == FileAccess.Read ? "read" : "written", () => OpenPinned(path, options.Mode, fit, (place, mode) => new HostFileStream(path, place, With(options, mode))));

    /// <summary>
    /// Opens the very file that was looked at, and no other file that has its name by then. In a directory that others may write to, a file
    /// can be exchanged for a pipe at any moment, and .NET opens nothing without waiting for a pipe's other end. A file that is not there is
    /// made as a new one or not at all.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="mode">As asked for.</param>
    /// <param name="fit">The kinds of file that are opened.</param>
    /// <param name="open">Given the place and the mode in which to open it.</param>
    private static T OpenPinned<T>(string path, FileMode mode, FileKind[] fit, Func<string, FileMode, T> open)
    {
        for (var attempt = 1; mode != FileMode.CreateNew; attempt++)
        {
            using var pinned = mode is FileMode.Open or FileMode.Truncate ? PinnedFile.Hold(path) : PinnedFile.TryHold(path);
            try
            {
                if (pinned is null)
                {
                    return open(path, FileMode.CreateNew);
                }

                EnsureNotOdd(pinned.Kind, fit);
                return open(pinned.Link, mode);
            }
            catch (IOException e) when (pinned is null && attempt < MostAttempts && FileFailure.IsTaken(e))
            {
                // Another has made it meanwhile; or it is a link, and what it leads to is made.
                path = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
            }
            catch (IOException e) when (pinned is not null && e.Message.Contains(pinned.Link, StringComparison.Ordinal))
            {
                throw new IOException(e.Message.Replace(pinned.Link, path, StringComparison.Ordinal), e.HResult);
            }
        }

        return open(path, FileMode.CreateNew);
    }

    private static FileStreamOptions With(FileStreamOptions options, FileMode mode)
    {
        var changed = new FileStreamOptions
        {
            Mode = mode,
            Access = options.Access,
            Share = options.Share,
            BufferSize = options.BufferSize,
            Options = options.Options,
            PreallocationSize = options.PreallocationSize,
        };
        if (options.UnixCreateMode is { } createMode)
        {
            changed.UnixCreateMode = createMode;
        }

        return changed;
    }

    private static void EnsureNotOdd(FileKind kind, FileKind[] fit)
    {
        if (!fit.Contains(kind))
        {
            throw new OddFileException(kind);
        }
    }

    private static OddFileException? Oddity(string path) =>
        FileStat.KindOf(path) is var kind and not (FileKind.Regular or FileKind.BlockDevice or FileKind.Unknown) ? new OddFileException(kind) : null;

    private static async Task<byte[]> ReadAsync(FileStream stream, string path, int longest, CancellationToken cancellationToken)
    {
        var told = stream.CanSeek ? stream.Length : 0;
        if (told > longest)
        {
            throw Failure(path, "read", new FileTooLargeException(told, longest));
        }

        // One byte of room beyond the length that is told, to see the end; the kernel's files tell 0.
        var content = new byte[Math.Max(told + 1, SmallBlock)];
        var length = 0;
        while (true)
        {
            // What is on the disk is there at once; only a pipe is waited for.
            var count = stream.CanSeek ? stream.Read(content, length, content.Length - length) : await stream.ReadAsync(content.AsMemory(length), cancellationToken).ConfigureAwait(false);
            length += count;
            if (length > longest)
            {
                throw Failure(path, "read", new FileTooLargeException(null, longest));
            }

            if (count == 0)
            {
                return content.AsSpan(0, length).ToArray();
            }

            if (length == content.Length)
            {
                Array.Resize(ref content, (int)Math.Min(2L * length, longest + 1L));
            }
        }
    }

    /// <summary>As <see cref="File.ReadAllText(string)"/> decodes it: UTF-8, unless its first bytes say otherwise.</summary>
    private static string Text(byte[] content)
    {
        using var reader = new StreamReader(new MemoryStream(content), System.Text.Encoding.UTF8, detectEncodingFromByteOrderMarks: true);
        return reader.ReadToEnd();
    }

    internal static HostFileException Failure(string path, string verb, Exception e) => new($"{path} cannot be {verb}", Cause(path, e)) { Path = path };

    /// <summary>The system's own error where .NET does not pass it on: to .NET a path that it could not look at is missing, and a refusal has no number.</summary>
    private static Exception Cause(string path, Exception e) =>
        FileFailure.IsMissing(e) ? FileStat.Look(path, isDirectory: false).Failure ?? e
        : e is not UnfitFileException && FileFailure.NumberOf(e) is null ? WriteAccess.Refusal(path) ?? e
        : e;
}
