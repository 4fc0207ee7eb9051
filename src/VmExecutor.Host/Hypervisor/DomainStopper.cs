using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Hypervisor;

/// <summary>Ends domains: politely (asked, asked again, waited for) or at once, and sees that they are gone.</summary>
public sealed class DomainStopper(IHypervisor hypervisor, TimeProvider time)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DestroyLimit = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Asks the guest to shut down, again every ten seconds (a guest that is still booting ignores the first button press),
    /// and waits. Never destroys. False: still running when the time was over.
    /// </summary>
    public async Task<bool> ShutDownAsync(string domain, TimeSpan limit, CancellationToken cancellationToken)
    {
        long? asked = null;
        return await new Poll(limit, PollInterval, time).UntilAsync(
            async token =>
            {
                if (await IsOffAsync(domain, token).ConfigureAwait(false))
                {
                    return true;
                }

                if (asked is null || time.GetElapsedTime(asked.Value) >= AskAgainAfter)
                {
                    asked = await TryAskAsync(domain, token).ConfigureAwait(false);
                }

                return false;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends a domain at once and waits until it is gone; one that is not there is gone already.</summary>
    /// <exception cref="HypervisorException">It is still there when the time is over.</exception>
    public async Task DestroyAsync(string domain, CancellationToken cancellationToken)
    {
        var gone = await new Poll(DestroyLimit, PollInterval, time).UntilAsync(
            async token =>
            {
                await hypervisor.DestroyAsync(domain, token).ConfigureAwait(false);
                return await IsOffAsync(domain, token).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        if (!gone)
        {
            throw new HypervisorException(
                ErrorCodes.DomainWouldNotStop,
                $"domain {domain} is still there {DurationText.Format(DestroyLimit)} after it was destroyed",
                $"See what holds its QEMU process (ps -o pid,stat,wchan,args -C qemu-system-x86_64), then: virsh -c {hypervisor.Uri} destroy {domain}");
        }
    }

    /// <summary>The time at which it was asked; null: the connection was lost meanwhile, and a guest may well be asked twice.</summary>
    private async Task<long?> TryAskAsync(string domain, CancellationToken cancellationToken)
    {
        try
        {
            await hypervisor.RequestShutdownAsync(domain, cancellationToken).ConfigureAwait(false);
            return time.GetTimestamp();
        }
        catch (HypervisorException e) when (e.ConnectionLost)
        {
            return null;
        }
    }

    private async Task<bool> IsOffAsync(string domain, CancellationToken cancellationToken) =>
        await hypervisor.FindStatusAsync(domain, cancellationToken).ConfigureAwait(false) is not { State: not (DomainState.ShutOff or DomainState.Crashed) };
}
