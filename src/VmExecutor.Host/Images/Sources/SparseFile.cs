using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images.Sources;

/// <summary>Writes a stream into a file with holes where it has nothing but zeros.</summary>
internal static class SparseFile
{
    private const int BlockLength = 1 << 16;

    // The block size of ext4 and XFS: a smaller hole saves nothing.
    private const int HoleLength = 1 << 12;

    /// <param name="input">Read to its end.</param>
    /// <param name="path">Replaced if it is there.</param>
    /// <param name="report">Gets the length so far.</param>
    /// <param name="cancellationToken">Ends it; the part stays.</param>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public static async Task WriteAsync(Stream input, AbsolutePath path, Action<long> report, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = HostFile.Open(path.Value, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            var block = new byte[BlockLength];
            int read;
            while ((read = await input.ReadAtLeastAsync(block, BlockLength, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false)) > 0)
            {
                Write(file, block.AsSpan(0, read));
                report(file.Position);
            }

            file.SetLength(file.Position); // there may be a hole at the end
            file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{path} cannot be written", e);
        }
    }

    private static void Write(FileStream file, ReadOnlySpan<byte> block)
    {
        while (!block.IsEmpty)
        {
            var piece = block[..Math.Min(HoleLength, block.Length)];
            if (piece.ContainsAnyExcept((byte)0))
            {
                file.Write(piece);
            }
            else
            {
                file.Seek(piece.Length, SeekOrigin.Current);
            }

            block = block[piece.Length..];
        }
    }
}
