using System.Globalization;
using Polly;
using Polly.Retry;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Images.Sources;

/// <summary>Asks again for a file whose transfer broke off, a few times and each time later.</summary>
internal sealed class DownloadAttempts(TimeProvider clock)
{
    private const int Attempts = 8;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    /// <exception cref="SystemFailureException">The server refused, or the last attempt broke off, too.</exception>
    public async Task RunAsync(DownloadAddress address, Func<CancellationToken, Task> attempt, Action<string> tell, CancellationToken cancellationToken)
    {
        try
        {
            await Pipeline(tell).ExecuteAsync(async token => await attempt(token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
        catch (DownloadInterruptedException e)
        {
            throw new SystemFailureException(
                ErrorCodes.ImageDownloadFailed,
                string.Create(CultureInfo.InvariantCulture, $"{address} could not be downloaded in {Attempts} attempts; at last: {e.Message}"),
                "See whether the server is up and reachable from this host (curl -I ADDRESS; a proxy is taken from http_proxy, https_proxy and no_proxy), then publish again: what has come is kept.",
                e);
        }
        catch (DownloadRefusedException e)
        {
            throw new SystemFailureException(
                ErrorCodes.ImageDownloadFailed,
                $"{address} could not be downloaded: {e.Message}",
                "Correct the image's url, or see why the server does not give it to this host.",
                e);
        }
    }

    private ResiliencePipeline Pipeline(Action<string> tell) => new ResiliencePipelineBuilder { TimeProvider = clock }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is DownloadInterruptedException),
            MaxRetryAttempts = Attempts - 1,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = TimeSpan.FromSeconds(1),
            MaxDelay = LongestPause,
            DelayGenerator = arguments => ValueTask.FromResult(
                arguments.Outcome.Exception is DownloadInterruptedException { RetryAfter: { } wanted } ? (TimeSpan?)(wanted < LongestPause ? wanted : LongestPause) : null),
            OnRetry = arguments =>
            {
                tell(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{arguments.Outcome.Exception?.Message}; attempt {arguments.AttemptNumber + 2} of {Attempts} in {Math.Ceiling(arguments.RetryDelay.TotalSeconds)} s"));
                return ValueTask.CompletedTask;
            },
        })
        .Build();
}
