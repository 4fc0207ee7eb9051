using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Host.Guests;

namespace VmExecutor.Stages;

/// <summary>
/// On a shared network two clones can be given one address (config/README.md, dhcp-ignore-clid), and their host keys are the same:
/// a card's address tells whose guest answers. A guest without Linux's /sys says nothing.
/// </summary>
internal sealed class CardCheck(IGuestShell guestShell)
{
    /// <exception cref="SystemFailureException">The guest that answers has no card of this clone's.</exception>
    public async Task EnsureItIsOursAsync(ClonePlan plan, GuestAccess access, CancellationToken cancellationToken)
    {
        var cards = await guestShell.RunCommandAsync(access, "cat /sys/class/net/*/address", null, cancellationToken);
        if (cards.ExitCode == 0 && !cards.StandardOutput.Contains(plan.Job.Key.Mac(0).Value, StringComparison.OrdinalIgnoreCase))
        {
            throw new SystemFailureException(
                ErrorCodes.GuestIsAnother,
                $"the guest at {access.Address} is not {plan.Domain}: no network card of it has the address {plan.Job.Key.Mac(0)}",
                $"Network '{plan.Image.Network.Name}' has given one address to two guests; see dhcp-ignore-clid in config/README.md.");
        }
    }
}
