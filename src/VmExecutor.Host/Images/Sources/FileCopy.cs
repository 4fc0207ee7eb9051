using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images.Sources;

/// <summary>A "download" of a file of this host or its network file systems: always from the beginning, since nothing says which version a part is of.</summary>
internal static class FileCopy
{
    private const int BlockLength = 1 << 20;

    /// <exception cref="SystemFailureException">It cannot be read, or the copy not be written.</exception>
    public static async Task RunAsync(DownloadAddress address, PartFile part, TimeProvider clock, Action<string> tell, CancellationToken cancellationToken)
    {
        part.StartAnew(version: null);
        try
        {
            await using var file = HostFile.Open(address.LocalPath(), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            var progress = new TransferProgress($"copying {address.FileName}", 0, file.Length, clock, tell);
            var block = new byte[BlockLength];
            int read;
            while ((read = await file.ReadAsync(block, cancellationToken).ConfigureAwait(false)) > 0)
            {
                await part.AppendAsync(block.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                progress.Report(part.Length);
            }
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new SystemFailureException(
                ErrorCodes.ImageDownloadFailed,
                $"{address} cannot be read: {HostFileException.ReasonOf(e)}",
                "Correct the image's url, or let the user who publishes read that file.",
                e);
        }
    }
}
