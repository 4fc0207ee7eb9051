using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>Reads a file that another has named: in its place a pipe would never open, and a device never end.</summary>
public static class RegularFile
{
    /// <param name="path">The file.</param>
    /// <param name="longest">Of more bytes than this nothing is read.</param>
    /// <exception cref="IOException">It is missing, too large, or no regular file.</exception>
    /// <exception cref="UnauthorizedAccessException">We may not read it.</exception>
    public static byte[] Read(AbsolutePath path, int longest)
    {
        // Looked at first, since opening a pipe waits for somebody to write into it.
        if (FileStat.TryRead(path) is { IsRegular: false } stat)
        {
            throw new IOException(stat.IsDirectory ? "it is a directory" : "it is not a regular file");
        }

        using var stream = File.OpenRead(path.Value);
        if (stream.Length > longest)
        {
            throw new IOException($"it has {stream.Length} bytes, and {longest} at most are read");
        }

        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
