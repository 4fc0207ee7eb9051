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
    public Task RunAsync(DownloadAddress address, Func<CancellationToken, Task> attempt, Action<string> tell, CancellationToken cancellationToken) => RunAsync(
        $"{address} could not be downloaded",
        ErrorCodes.ImageDownloadFailed,
        "See whether the server is up and reachable from this host (curl -I ADDRESS; a proxy is taken from http_proxy, https_proxy and no_proxy), then publish again: what has come is kept.",
        attempt,
        tell,
        cancellationToken);

    /// <param name="failure">The beginning of the message when it fails.</param>
    /// <param name="code">Of a failure.</param>
    /// <param name="hint">What to do when each attempt broke off.</param>
    /// <param name="attempt">One attempt.</param>
    /// <param name="tell">Told of each that broke off.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SystemFailureException">The server refused, or the last attempt broke off, too.</exception>
    public async Task RunAsync(string failure, ErrorCode code, string hint, Func<CancellationToken, Task> attempt, Action<string> tell, CancellationToken cancellationToken)
    {
        try
        {
            await Pipeline(tell).ExecuteAsync(async token => await attempt(token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
        catch (DownloadInterruptedException e)
        {
            throw new SystemFailureException(
                code,
                string.Create(CultureInfo.InvariantCulture, $"{failure} in {Attempts} attempts; at last: {e.Message}"),
                hint,
                e);
        }
        catch (DownloadRefusedException e)
        {
            throw new SystemFailureException(
                code,
                $"{failure}: {e.Message}",
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
