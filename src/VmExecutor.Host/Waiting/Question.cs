using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace VmExecutor.Host.Waiting;

/// <summary>Waiting as a question that is asked again until it has an answer or the time is over.</summary>
/// <param name="limit">How long to go on asking after the first answer, a question in flight included; <see cref="Timeout.InfiniteTimeSpan"/>: until cancelled.</param>
/// <param name="interval">Between an answer and the next question.</param>
/// <param name="time">The clock.</param>
public sealed class Question(TimeSpan limit, TimeSpan interval, TimeProvider time)
{
    // Built only when there is something to wait for: a pipeline's first use costs some 20 ms of compilation.
    // A generator, since the plain option allows neither "for ever" nor more than a day.
    private ResiliencePipeline AskedAgain => new ResiliencePipelineBuilder { TimeProvider = time }
        .AddTimeout(new TimeoutStrategyOptions { TimeoutGenerator = _ => ValueTask.FromResult(limit) })
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is NotYetException),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Constant,
            Delay = interval,
        })
        .Build();

    /// <summary>True as soon as the answer is; false when the time is over.</summary>
    /// <param name="ask">Asked one at a time; what it throws ends the wait.</param>
    /// <param name="cancellationToken">Ends the wait at once.</param>
    public async Task<bool> AskAsync(Func<CancellationToken, Task<bool>> ask, CancellationToken cancellationToken)
    {
        if (await ask(cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        await Task.Delay(interval, time, cancellationToken).ConfigureAwait(false);
        try
        {
            await AskedAgain.ExecuteAsync(
                async token =>
                {
                    if (!await ask(token).ConfigureAwait(false))
                    {
                        throw NotYetException.Instance;
                    }
                },
                cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutRejectedException)
        {
            // Only our own limit ends this way; the caller's cancellation stays an OperationCanceledException.
            return false;
        }
    }

    /// <summary>Never leaves this class.</summary>
    private sealed class NotYetException : Exception
    {
        public static readonly NotYetException Instance = new();
    }
}
