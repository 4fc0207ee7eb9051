using System.Globalization;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Images.Sources;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Images.Sources;

/// <summary>
/// Unpacks a verified download with the installed gzip, xz or zstd. Not .NET's own gzip: it takes a file that was cut off for one that has
/// ended, and is several times slower.
/// </summary>
internal sealed class Unpacking(ToolEnvironment environment, TimeProvider clock)
{
    private const int EvidenceLength = 1000;

    /// <summary>The disk: the download itself when it is not packed.</summary>
    /// <exception cref="ToolMissingException">The tool for it is not installed.</exception>
    /// <exception cref="SystemFailureException">It is cut off or damaged, or the disk is full.</exception>
    public async Task<AbsolutePath> RunAsync(DownloadCache cache, string name, Action<string> tell, CancellationToken cancellationToken)
    {
        var format = Look(cache.Whole);
        if (format == PackedFormat.None)
        {
            return cache.Whole;
        }

        try
        {
            var call = new ToolCall(format.Tool(), ["-dc", "--", cache.Whole.Value]) { OwnSession = true };
            await UnpackAsync(call, cache, name, tell, cancellationToken).ConfigureAwait(false);
            HostFile.Move(cache.UnpackedPart.Value, cache.Unpacked.Value, overwrite: true);
            return cache.Unpacked;
        }
        catch
        {
            HostFile.Delete(cache.UnpackedPart.Value);
            throw;
        }
    }

    private async Task UnpackAsync(ToolCall call, DownloadCache cache, string name, Action<string> tell, CancellationToken cancellationToken)
    {
        await using var tool = ToolStream.Start(call, environment, clock);
        tool.Input.Close();
        var said = SayAsync(tool.Error, cancellationToken);
        var progress = new TransferProgress($"unpacking {name}", 0, total: null, clock, tell);
        await SparseFile.WriteAsync(tool.Output, cache.UnpackedPart, progress.Report, cancellationToken).ConfigureAwait(false);
        var exitCode = await tool.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        if (exitCode != 0)
        {
            var evidence = await said.ConfigureAwait(false);
            throw new SystemFailureException(
                ErrorCodes.ImageDownloadFailed,
                string.Create(CultureInfo.InvariantCulture, $"{name} has the right checksum but cannot be unpacked: '{call}' ended with exit code {exitCode}: {evidence}"),
                "It was cut off or damaged before its checksum was made: ask its publisher, or take another version.");
        }
    }

    private static PackedFormat Look(AbsolutePath path)
    {
        try
        {
            using var file = HostFile.OpenRead(path.Value);
            var head = new byte[PackedFormats.HeadLength];
            return PackedFormats.Of(head.AsSpan(0, file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the download {path} cannot be read", e);
        }
    }

    private static async Task<string> SayAsync(Stream error, CancellationToken cancellationToken)
    {
        var text = await BoundedText.ReadEndAsync(error, 4 * EvidenceLength, cancellationToken).ConfigureAwait(false);
        return PlainText.OneLine(text.Trim().ReplaceLineEndings(" "), EvidenceLength);
    }
}
