using Polly;
using Polly.Retry;
using VmExecutor.Core.Failures;

namespace VmExecutor.Host.Libvirt;

// When to try again. Each bound is the number of attempts times the longest wait.
public sealed partial class LibvirtHypervisor
{
    /// <summary>
    /// Opening a connection, while nobody listens: a daemon's restart takes a moment. At most 10 s, then it fails with
    /// <see cref="LibvirtHint.ForOpening"/>.
    /// </summary>
    private ResiliencePipeline Opening { get; } = Retry(
        time, 10, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), e => e.Error.IsNobodyListening);

    /// <summary>A call whose connection was lost (daemon restarted, idle client disconnected): on a new one, up to 3 times.</summary>
    private ResiliencePipeline Reconnecting { get; } = Retry(
        time, 3, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), e => e.ConnectionLost && e.Code != ErrorCodes.HypervisorUnreachable);

    /// <summary>
    /// Destroying a domain whose QEMU does not die: it waits in the kernel for storage. libvirt itself waits about 15 s for each
    /// (virprocess.c, virProcessKillPainfullyDelay) and puts no bound on how often it may be asked: 4 times.
    /// </summary>
    private ResiliencePipeline Destroying { get; } = Retry(
        time, 3, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4), e => e.Error.IsStillBusy);

    private static ResiliencePipeline Retry(TimeProvider time, int retries, TimeSpan delay, TimeSpan longest, Predicate<LibvirtException> when) =>
        new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is LibvirtException e && when(e)),
                MaxRetryAttempts = retries,
                Delay = delay,
                MaxDelay = longest,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            })
            .Build();
}
