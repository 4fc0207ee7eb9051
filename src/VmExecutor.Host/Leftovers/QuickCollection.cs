using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Host.Leftovers;

/// <summary>The collection at the start of each prepare and of each fill of standby clones, and at the end of each cleanup: it lasts a second at most, and never makes a job fail.</summary>
public sealed class QuickCollection(LeftoverCollector collector, TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <param name="self">The job whose stage this is, which sees to its own; null: none's.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How many leftovers it removed for certain.</returns>
    public async Task<int> RunAsync(JobKey? self, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(Limit, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            return (await collector.CollectQuicklyAsync(self, stop.Token).ConfigureAwait(false)).Removed;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The next one goes on where this one was.
            return 0;
        }
        catch (SystemFailureException)
        {
            // What is wrong with libvirt or the state directory, prepare will say itself.
            return 0;
        }
    }
}
