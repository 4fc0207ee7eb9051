using Microsoft.Win32.SafeHandles;

namespace VmExecutor.Host.Files;

/// <summary>
/// The files of the host: as <see cref="File"/>, but each failure is a <see cref="HostFileException"/> that names the path, the system's reason
/// and what to do. The one way to files outside this folder; a convention test refuses the others.
/// </summary>
public static class HostFile
{
    /// <summary>Whether a file, not a directory, is there. Where the system does not say, this fails: "may not look" is not "is not there".</summary>
    /// <exception cref="HostFileException">The system does not say.</exception>
    public static bool Exists(string path) => IsThere(path, isDirectory: false);

    /// <summary>Whether a file, not a directory, is there, for who knows what to do about all three answers.</summary>
    public static Presence Look(string path) => FileStat.Look(path, isDirectory: false).Presence;

    public static string ReadAllText(string path) => Do(path, "read", () => File.ReadAllText(path));

    public static Task<string> ReadAllTextAsync(string path, CancellationToken cancellationToken) =>
        DoAsync(path, "read", () => File.ReadAllTextAsync(path, cancellationToken));

    public static byte[] ReadAllBytes(string path) => Do(path, "read", () => File.ReadAllBytes(path));

    /// <summary>All lines, read at once.</summary>
    public static IReadOnlyList<string> ReadLines(string path) => Do(path, "read", () => File.ReadAllLines(path));

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

    public static void AppendAllText(string path, string content) => Do(path, "written", () => File.AppendAllText(path, content));

    public static FileStream OpenRead(string path) => Open(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.Read });

    /// <summary>A stream whose reads, writes and flushes fail in the same way.</summary>
    public static FileStream Open(string path, FileStreamOptions options) =>
        Do(path, options.Access == FileAccess.Read ? "read" : "written", () => new HostFileStream(path, options));

    public static FileStream Open(string path, FileMode mode, FileAccess access, FileShare share = FileShare.Read, int bufferSize = 4096) =>
        Open(path, new FileStreamOptions { Mode = mode, Access = access, Share = share, BufferSize = bufferSize });

    public static SafeFileHandle OpenHandle(string path, FileMode mode = FileMode.Open, FileAccess access = FileAccess.Read, FileShare share = FileShare.Read) =>
        Do(path, access == FileAccess.Read ? "read" : "opened for writing", () => File.OpenHandle(path, mode, access, share));

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

    public static void Copy(string from, string to, bool overwrite = false) => Do(from, $"copied to {to}", () => File.Copy(from, to, overwrite));

    public static UnixFileMode GetUnixFileMode(string path) => Do(path, "looked at", () => File.GetUnixFileMode(path));

    public static void SetUnixFileMode(string path, UnixFileMode mode) => Do(path, $"given mode {Convert.ToString((int)mode, 8)}", () => File.SetUnixFileMode(path, mode));

    /// <summary>The target of a symbolic link; null: it is none, or not there.</summary>
    public static string? LinkTarget(string path) => Do(path, "looked at", () => new FileInfo(path).LinkTarget);

    /// <summary>Where a chain of symbolic links ends; null: the path is none.</summary>
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

    private static async Task<T> DoAsync<T>(string path, string verb, Func<Task<T>> act)
    {
        try
        {
            return await act().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure(path, verb, e);
        }
    }

    internal static HostFileException Failure(string path, string verb, Exception e) =>
        new($"{path} cannot be {verb}", FileFailure.NumberOf(e) is null ? WriteAccess.Refusal(path) ?? e : e) { Path = path };
}
