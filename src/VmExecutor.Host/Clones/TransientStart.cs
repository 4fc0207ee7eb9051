using VmExecutor.Core.Clones;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Clones;

/// <summary>
/// Starts a clone also while the libvirt daemon is being restarted. A start whose connection was lost may have been carried out, or half.
/// So the next attempt looks first: it goes on with a running domain, or removes the rest and starts anew.
/// </summary>
internal sealed class TransientStart(IHypervisor hypervisor, DomainStopper stopper)
{
    private const int Attempts = 3;

    /// <exception cref="HypervisorException">libvirt or QEMU refused, or the connection was lost again and again.</exception>
    public async Task RunAsync(string xml, ClonePlan plan, CancellationToken cancellationToken)
    {
        var attempt = 1;
        while (!await TryAsync(xml, plan, isLast: attempt == Attempts, cancellationToken).ConfigureAwait(false))
        {
            attempt++;
        }
    }

    private async Task<bool> TryAsync(string xml, ClonePlan plan, bool isLast, CancellationToken cancellationToken)
    {
        try
        {
            await hypervisor.CreateTransientAsync(xml, paused: false, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (HypervisorException e) when (e.ConnectionLost && !isLast)
        {
            var domain = plan.Domain.Value;
            var found = await hypervisor.FindXmlAsync(domain, inactive: false, cancellationToken).ConfigureAwait(false);
            if (found is null)
            {
                return false;
            }

            if (StampXml.KeyIn(XmlText.Parse(found)) != plan.Job.Key.Value)
            {
                throw;
            }

            var status = await hypervisor.FindStatusAsync(domain, cancellationToken).ConfigureAwait(false);
            if (status is { State: DomainState.Running or DomainState.Blocked })
            {
                return true;
            }

            await stopper.DestroyAsync(domain, cancellationToken).ConfigureAwait(false);
            return false;
        }
    }
}
