using System.Security.Cryptography;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>A file's SHA-256, as <c>sha256sum</c> prints it.</summary>
public static class FileChecksum
{
    private const int BufferSize = 1 << 20;

    /// <param name="path">The file.</param>
    /// <param name="progress">Told how much of it is done, from 0 to 1.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="HostFileException">It cannot be read.</exception>
    public static async Task<string> Sha256Async(AbsolutePath path, Action<double> progress, CancellationToken cancellationToken)
    {
        try
        {
            var file = HostFile.Open(path.Value, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.Read, BufferSize = 0, Options = FileOptions.SequentialScan });
            await using (file.ConfigureAwait(false))
            {
                using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                var buffer = new byte[BufferSize];
                int count;
                while ((count = await file.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
                {
                    hash.AppendData(buffer.AsSpan(0, count));
                    progress((double)file.Position / Math.Max(1, file.Length));
                }

                return Convert.ToHexStringLower(hash.GetHashAndReset());
            }
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{path} cannot be read", e);
        }
    }
}
