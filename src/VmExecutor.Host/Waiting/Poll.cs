using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace VmExecutor.Host.Waiting;

/// <summary>Polls a condition until it holds, the time limit is over, or the caller cancels.</summary>
/// <param name="limit">How long to go on after the first look, a look in flight included; <see cref="Timeout.InfiniteTimeSpan"/>: until cancelled.</param>
/// <param name="interval">Between the end of a look and the next one.</param>
/// <param name="time">The clock.</param>
public sealed class Poll(TimeSpan limit, TimeSpan interval, TimeProvider time)
{
    // Built only when there is something to wait for: a debug build needs some 20 ms to compile a pipeline at its first use.
    // A generator, since the plain option allows neither "for ever" nor more than a day.
    private ResiliencePipeline<bool> UntilTrue => new ResiliencePipelineBuilder<bool> { TimeProvider = time }
        .AddTimeout(new TimeoutStrategyOptions { TimeoutGenerator = _ => ValueTask.FromResult(limit) })
        .AddRetry(new RetryStrategyOptions<bool>
        {
            ShouldHandle = new PredicateBuilder<bool>().HandleResult(false),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Constant,
            Delay = interval,
        })
        .Build();

    /// <summary>True as soon as the condition holds; false when the time is over.</summary>
    /// <param name="condition">Looked at one at a time; an exception of it ends the wait.</param>
    /// <param name="cancellationToken">Ends the wait at once.</param>
    public async Task<bool> UntilAsync(Func<CancellationToken, Task<bool>> condition, CancellationToken cancellationToken)
    {
        if (await condition(cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        // To Polly, no time means for ever.
        if (limit <= TimeSpan.Zero && limit != Timeout.InfiniteTimeSpan)
        {
            return false;
        }

        await Task.Delay(interval, time, cancellationToken).ConfigureAwait(false);
        try
        {
            return await UntilTrue.ExecuteAsync(async token => await condition(token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutRejectedException)
        {
            // Only our own limit ends this way; the caller's cancellation stays an OperationCanceledException.
            return false;
        }
    }
}
