using VmExecutor.Core.Guests;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Clones;

/// <summary>
/// Recognizes the files that an image names by their content. <see cref="ImageFiles"/> reports files that cannot be read.
/// </summary>
public static class FileContents
{
    /// <summary>The reason why ssh cannot use a file as a private key; null: it can, or the file cannot be read.</summary>
    public static KeyTrouble? OfKey(AbsolutePath path) => Read(path, stream => KeyFile.Trouble(Begin(stream, KeyFile.MostBytes), path));

    /// <summary>The reason why a file or block device cannot be used as a base disk; null: it can, or it cannot be read.</summary>
    /// <param name="path">The disk.</param>
    /// <param name="said">The format that the configuration or the domain says; null: neither does.</param>
    /// <param name="saidBy">The key or attribute that says it.</param>
    public static DiskTrouble? OfDisk(AbsolutePath path, string? said, string saidBy) => Read(path, stream =>
    {
        var head = Begin(stream, DiskContent.HeadBytes);
        return DiskContent.Of(head, End(stream)).TroubleAs(said, path, saidBy);
    });

    private static T? Read<T>(AbsolutePath path, Func<FileStream, T?> look)
        where T : class
    {
        // A pipe or a terminal would be waited for.
        if (FileStat.TryRead(path) is not ({ IsRegular: true } or { IsBlockDevice: true }))
        {
            return null;
        }

        try
        {
            using var stream = HostFile.Open(path.Value, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return look(stream);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }

    private static byte[] Begin(FileStream stream, int most)
    {
        var buffer = new byte[most];
        return buffer[..stream.ReadAtLeast(buffer, most, throwOnEndOfStream: false)];
    }

    private static byte[] End(FileStream stream)
    {
        // Of a block device the length is not that of a file; a VHD is never on one.
        if (stream.Length < DiskContent.TailBytes)
        {
            return [];
        }

        stream.Seek(-DiskContent.TailBytes, SeekOrigin.End);
        return Begin(stream, DiskContent.TailBytes);
    }
}
