using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Images.Sources;

/// <summary>One attempt to fetch a file, or the rest of one, by HTTP.</summary>
internal sealed class HttpAttempt(HttpClient http, TimeProvider clock)
{
    /// <summary>The longest time without any data.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(60);
    private const int BlockLength = 1 << 17;

    /// <summary>Continues the part if the server still has that version, and else starts anew.</summary>
    /// <exception cref="DownloadInterruptedException">It broke off, or the server is busy: another attempt may help.</exception>
    /// <exception cref="DownloadRefusedException">The server does not give it.</exception>
    public async Task RunAsync(DownloadAddress address, PartFile part, Action<string> tell, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await FetchAsync(address, part, tell, ended.Token).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new DownloadInterruptedException("nothing came for a minute", inner: e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DownloadInterruptedException("no connection came about in time", inner: e);
        }
        catch (HttpRequestException e) when (e.InnerException is AuthenticationException)
        {
            throw new DownloadRefusedException($"the server's certificate is not accepted: {Innermost(e)}", e);
        }
        catch (HttpRequestException e)
        {
            throw new DownloadInterruptedException(Innermost(e), inner: e);
        }
        catch (IOException e)
        {
            throw new DownloadInterruptedException($"the connection broke off: {Innermost(e)}", inner: e);
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false); // what was given up is not to go on beside the next attempt
        }
    }

    private async Task FetchAsync(DownloadAddress address, PartFile part, Action<string> tell, CancellationToken cancellationToken)
    {
        using var request = Request(address, part);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            .WaitAsync(Idle, clock, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == part.Length)
        {
            tell(string.Create(CultureInfo.InvariantCulture, $"continuing the download behind {part.Length} bytes"));
        }
        else if (response.StatusCode == HttpStatusCode.OK)
        {
            part.StartAnew(Version(response));
        }
        else
        {
            throw Refusal(response, part);
        }

        var before = part.Length;
        var total = response.Content.Headers.ContentLength is { } length ? before + length : (long?)null;
        var progress = new TransferProgress($"downloading {address.FileName}", before, total, clock, tell);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var block = new byte[BlockLength];
        int read;
        while ((read = await body.ReadAsync(block, cancellationToken).AsTask().WaitAsync(Idle, clock, cancellationToken).ConfigureAwait(false)) > 0)
        {
            await part.AppendAsync(block.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            progress.Report(part.Length);
        }
    }

    private static HttpRequestMessage Request(DownloadAddress address, PartFile part)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, address.ForRequest());
        request.Headers.UserAgent.ParseAdd("vm-executor");
        request.Headers.AcceptEncoding.ParseAdd("identity"); // the checksum is of the file, not of how it travels
        if (part is { Length: > 0, Version: { } version })
        {
            request.Headers.Range = new RangeHeaderValue(part.Length, null);
            request.Headers.TryAddWithoutValidation("If-Range", version);
        }

        return request;
    }

    /// <summary>A strong ETag or the date of change; a weak ETag is not allowed here (RFC 9110, 13.1.5).</summary>
    private static string? Version(HttpResponseMessage response) => response.Headers.ETag is { IsWeak: false } tag
        ? tag.Tag
        : response.Content.Headers.LastModified?.ToString("R", CultureInfo.InvariantCulture);

    private static Exception Refusal(HttpResponseMessage response, PartFile part)
    {
        var status = (int)response.StatusCode;
        var said = string.Create(CultureInfo.InvariantCulture, $"the server answered {status} {response.ReasonPhrase}").TrimEnd();
        if (response.StatusCode is HttpStatusCode.RequestedRangeNotSatisfiable or HttpStatusCode.PartialContent)
        {
            // There is no such rest: what we have is of no use.
            part.StartAnew(version: null);
            return new DownloadInterruptedException(said);
        }

        return status >= 500 || response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout
            ? new DownloadInterruptedException(said, response.Headers.RetryAfter?.Delta)
            : new DownloadRefusedException(said);
    }

    private static string Innermost(Exception exception) => exception.GetBaseException().Message;
}
