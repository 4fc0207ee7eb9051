using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Images.Sources;

/// <summary>
/// <c>source: url</c>: fetches a disk, verifies it and unpacks it, in this order: nothing that was not verified is looked at by anything
/// that could be tricked by its content. A proxy is taken from http_proxy, https_proxy, all_proxy and no_proxy, as .NET does.
/// </summary>
public sealed class DownloadSource(ToolEnvironment environment, TimeProvider clock)
{
    /// <summary>The disk of a download, fetched unless it is there.</summary>
    /// <param name="image">For messages.</param>
    /// <param name="source">The download.</param>
    /// <param name="directory">The image's own, private; what breaks off is continued from there. The disk lies in it, too.</param>
    /// <param name="tell">Gets a line now and then.</param>
    /// <param name="cancellationToken">Ends it; what has come stays for the next time.</param>
    /// <exception cref="SystemFailureException">It cannot be downloaded, is not what the checksum says, or cannot be unpacked.</exception>
    public async Task<SourceFiles> FetchAsync(
        ImageName image, ImageSource.Download source, AbsolutePath directory, Action<string> tell, CancellationToken cancellationToken)
    {
        StateDirectories.Make(directory, StateDirectories.Private);
        var cache = new DownloadCache(directory, source.Checksum);
        if (!await IsThereAsync(cache, cancellationToken).ConfigureAwait(false))
        {
            await DownloadAsync(image, source.Address, cache, tell, cancellationToken).ConfigureAwait(false);
        }

        var disk = await new Unpacking(environment, clock).RunAsync(cache, source.Address.FileName, tell, cancellationToken).ConfigureAwait(false);
        return new SourceFiles(disk, source.Format, source.Kernel);
    }

    // Verified again: it may have lain there for a year, and reading it costs less than being wrong.
    private static async Task<bool> IsThereAsync(DownloadCache cache, CancellationToken cancellationToken)
    {
        try
        {
            return HostFile.Exists(cache.Whole.Value)
                && await PartFile.HashAsync(cache.Whole, cache.Checksum.Kind, cancellationToken).ConfigureAwait(false) == cache.Checksum.Hex;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the download {cache.Whole} cannot be read", e);
        }
    }

    private async Task DownloadAsync(ImageName image, DownloadAddress address, DownloadCache cache, Action<string> tell, CancellationToken cancellationToken)
    {
        using var part = await PartFile.OpenAsync(cache, cancellationToken).ConfigureAwait(false);
        if (part.Hash() != cache.Checksum.Hex)
        {
            await FillAsync(address, part, tell, cancellationToken).ConfigureAwait(false);
        }

        if (part.Hash() is var found && found != cache.Checksum.Hex)
        {
            part.Remove();
            throw new SystemFailureException(
                ErrorCodes.ImageChecksumWrong,
                $"the download {address} of image '{image}' has the wrong checksum: its {cache.Checksum.Kind.ToString().ToLowerInvariant()} is {found} and should be {cache.Checksum.Hex}",
                "If the server has a new version, take its address and checksum from where the server's owner publishes them; if not, the file was changed: do not use it.");
        }

        part.Complete();
        tell($"downloaded {address.FileName}: the checksum is right");
    }

    private async Task FillAsync(DownloadAddress address, PartFile part, Action<string> tell, CancellationToken cancellationToken)
    {
        if (address.IsFile)
        {
            await FileCopy.RunAsync(address, part, clock, tell, cancellationToken).ConfigureAwait(false);
            return;
        }

        // Its own time limit would be for the whole transfer; ours are for a connection and for silence.
        using var handler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(30) };
        using var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        var attempt = new HttpAttempt(http, clock);
        await new DownloadAttempts(clock)
            .RunAsync(address, token => attempt.RunAsync(address, part, tell, token), tell, cancellationToken)
            .ConfigureAwait(false);
    }
}
