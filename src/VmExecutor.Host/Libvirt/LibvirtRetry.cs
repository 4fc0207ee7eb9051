using Polly;
using Polly.Retry;

namespace VmExecutor.Host.Libvirt;

/// <summary>
/// Attempts that go on while they fail for a reason that may pass. The first one is made without Polly: making a pipeline takes
/// time (it checks its options by reflection), and nearly always the first attempt is the last.
/// </summary>
/// <param name="time">The clock of the waits.</param>
/// <param name="retries">How often the pipeline tries again after its own first attempt, which follows the failed one at once.</param>
/// <param name="delay">The first wait, about doubled each time, with jitter.</param>
/// <param name="longest">The longest wait; times <paramref name="retries"/> it bounds the waiting in all.</param>
/// <param name="mayPass">Which failures are worth another attempt.</param>
internal sealed class LibvirtRetry(
    TimeProvider time, int retries, TimeSpan delay, TimeSpan longest, Predicate<LibvirtException> mayPass)
{
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        try
        {
            return await attempt(cancellationToken).ConfigureAwait(false);
        }
        catch (LibvirtException e) when (mayPass(e))
        {
            return await Pipeline().ExecuteAsync(
                async token => await attempt(token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
    }

    private ResiliencePipeline Pipeline() => new ResiliencePipelineBuilder { TimeProvider = time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is LibvirtException e && mayPass(e)),
            MaxRetryAttempts = retries,
            Delay = delay,
            MaxDelay = longest,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        })
        .Build();
}
