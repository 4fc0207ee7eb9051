using System.Text;

namespace VmExecutor.Host.Files;

/// <summary>
/// Reads text from streams that may never end: a pipe, a log that another process writes. The caller names a length that bounds the
/// memory.
/// </summary>
public static class BoundedText
{
    private const int BlockLength = 16 * 1024;

    /// <summary>Text that is of use only as a whole.</summary>
    /// <param name="stream">Read to its end.</param>
    /// <param name="longest">In bytes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="heard">Told of each piece as it comes; null: that is of no use.</param>
    /// <exception cref="IOException">It has more than <paramref name="longest"/> bytes; the rest is not read.</exception>
    public static async Task<string> ReadWholeAsync(Stream stream, int longest, CancellationToken cancellationToken, Action<ReadOnlyMemory<byte>>? heard = null)
    {
        using var kept = new BoundedStream(longest);
        var block = new byte[BlockLength];
        int count;
        while ((count = await stream.ReadAsync(block, cancellationToken).ConfigureAwait(false)) > 0)
        {
            kept.Write(block.AsSpan(0, count));
            heard?.Invoke(block.AsMemory(0, count));
        }

        return kept.Text;
    }

    /// <summary>Reads to the end, so that the writer is never held up, and keeps the last bytes.</summary>
    public static async Task<string> ReadEndAsync(Stream stream, int longest, CancellationToken cancellationToken)
    {
        // Twice the length, so that each byte is moved once at most.
        var kept = new byte[BlockLength];
        var length = 0;
        int count;
        while ((count = await stream.ReadAsync(kept.AsMemory(length), cancellationToken).ConfigureAwait(false)) > 0)
        {
            length += count;
            if (length == kept.Length && length < 2 * longest)
            {
                Array.Resize(ref kept, (int)Math.Min(2L * length, 2L * longest));
            }
            else if (length == kept.Length)
            {
                kept.AsSpan(length - longest, longest).CopyTo(kept);
                length = longest;
            }
        }

        var end = Math.Min(length, longest);
        return Decode(kept.AsSpan(length - end, end));
    }

    /// <summary>The last bytes that a file has now.</summary>
    /// <exception cref="HostFileException">It cannot be read.</exception>
    public static string ReadEndOf(string path, int longest)
    {
        using var file = HostFile.Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        file.Seek(-Math.Min(longest, file.Length), SeekOrigin.End);
        var end = new byte[longest];
        return Decode(end.AsSpan(0, file.ReadAtLeast(end, longest, throwOnEndOfStream: false)));
    }

    /// <summary>Whole lines of a file that another process appends to.</summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">The byte at which the first line begins.</param>
    /// <param name="longest">The most bytes; a line that is longer is cut.</param>
    /// <returns>The lines and their bytes; no bytes: there is no whole line yet.</returns>
    /// <exception cref="HostFileException">It cannot be read.</exception>
    public static (string Text, int Bytes) ReadLinesOf(string path, long offset, int longest)
    {
        using var file = HostFile.Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        file.Seek(offset, SeekOrigin.Begin);
        var block = new byte[longest];
        var length = file.ReadAtLeast(block, longest, throwOnEndOfStream: false);
        var whole = block.AsSpan(0, length).LastIndexOf((byte)'\n') + 1;
        var taken = whole == 0 && length == longest ? length : whole;
        return (Decode(block.AsSpan(0, taken)), taken);
    }

    internal static string Decode(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
