using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>Tests whether the driver may make files in a directory, without making one (access(2)).</summary>
internal static class WriteAccess
{
    private const int Execute = 1; // X_OK
    private const int Write = 2; // W_OK

    /// <returns>Why not, in the system's words; null: we may.</returns>
    public static string? Obstacle(AbsolutePath directory) =>
        FileStat.TryRead(directory) is { IsDirectory: false } ? "it is no directory"
        : Libc.Access(Libc.CurrentDirectory, directory.Value, Write | Execute, flags: 0) == 0 ? null
        : Libc.Failure().Message.ToLowerInvariant();

    /// <summary>
    /// The reason why a path could not be removed or changed, where .NET says "denied" for a read-only file system, too; null: neither
    /// the path nor its directory shows a reason.
    /// </summary>
    internal static IOException? Refusal(string path)
    {
        foreach (var place in (string?[])[path, System.IO.Path.GetDirectoryName(path)])
        {
            if (place is not null && Libc.Access(Libc.CurrentDirectory, place, Write, flags: 0) != 0)
            {
                return Libc.Failure();
            }
        }

        return null;
    }
}
