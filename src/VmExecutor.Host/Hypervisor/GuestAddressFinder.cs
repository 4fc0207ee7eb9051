using System.Globalization;
using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Hypervisor;

/// <summary>Finds the address and port at which the host reaches a guest's ssh server.</summary>
public sealed partial class GuestAddressFinder(IHypervisor hypervisor, DomainWatch watch, TimeProvider time)
{
    private const int ForwardAttempts = 3;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>The address and port of the guest's ssh server.</summary>
    /// <param name="domain">The running clone.</param>
    /// <param name="card">Its network card that is connected to <paramref name="network"/>.</param>
    /// <param name="network">What that card is connected to.</param>
    /// <param name="isRestricted">The card is connected to <see cref="RestrictedCard.Network"/>.</param>
    /// <param name="guestPort">Of the ssh server, inside the guest.</param>
    /// <param name="limit">How long the guest may take to get an address.</param>
    /// <param name="cancellationToken">Ends the wait at once.</param>
    /// <exception cref="SystemFailureException">The guest had no address when the time was over.</exception>
    public Task<(string Host, int Port)> FindAsync(
        string domain, MacAddress card, NetworkSettings network, bool isRestricted, int guestPort, TimeSpan limit, CancellationToken cancellationToken) =>
        network.Mode == NetworkMode.User
            ? ForwardAsync(domain, isRestricted, guestPort, cancellationToken)
            : LookUpAsync(domain, card, network.Name, guestPort, limit, cancellationToken);

    /// <summary>
    /// Has QEMU forward a loopback port to the guest. Port 0: the kernel picks a free one while binding it, so two clones never
    /// race for one. libvirt 9.0 cannot say this in domain XML (portForward came with passt), so the running QEMU is told.
    /// </summary>
    private async Task<(string Host, int Port)> ForwardAsync(string domain, bool isRestricted, int guestPort, CancellationToken cancellationToken)
    {
        var command = string.Create(CultureInfo.InvariantCulture, $"hostfwd_add {(isRestricted ? $"{RestrictedCard.Network} " : "")}tcp:127.0.0.1:0-:{guestPort}");
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                // A forward whose answer was lost with the connection may well be there; a second one would be one too many.
                if (attempt > 1 && FindForward(await TellQemuAsync(domain, "info usernet", cancellationToken).ConfigureAwait(false)) is { } earlier)
                {
                    return earlier;
                }

                var refusal = await TellQemuAsync(domain, command, cancellationToken).ConfigureAwait(false);
                var connections = await TellQemuAsync(domain, "info usernet", cancellationToken).ConfigureAwait(false);
                return FindForward(connections) ?? throw new HypervisorException(
                    ErrorCodes.GuestAddressUnknown,
                    $"QEMU of {domain} did not forward a loopback port to the guest: {(refusal + connections).Trim()}",
                    "See whether QEMU has user-mode networking (slirp): qemu-system-x86_64 -netdev help");
            }
            catch (HypervisorException e) when (e.ConnectionLost && attempt < ForwardAttempts)
            {
                // The daemon was restarted; the next call opens a new connection, or says that none can be had.
            }
        }
    }

    private Task<string> TellQemuAsync(string domain, string command, CancellationToken cancellationToken) =>
        hypervisor.SendMonitorCommandAsync(domain, command, cancellationToken);

    internal static (string Host, int Port)? FindForward(string connections) =>
        ForwardLine().Match(connections) is { Success: true } forward && ushort.TryParse(forward.Groups["port"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? ("127.0.0.1", port)
            : null;

    private async Task<(string Host, int Port)> LookUpAsync(
        string domain, MacAddress card, string network, int guestPort, TimeSpan limit, CancellationToken cancellationToken)
    {
        string? address = null;
        var found = await new Poll(limit, PollInterval, time).UntilAsync(
            async token =>
            {
                await watch.EnsureAliveAsync(token).ConfigureAwait(false);
                foreach (var source in new[] { AddressSource.Lease, AddressSource.Agent, AddressSource.Arp })
                {
                    var addresses = await hypervisor.GetAddressesAsync(domain, source, token).ConfigureAwait(false);

                    // Only this card's: a guest's own bridges (of a container engine, say) have addresses that the host may have, too.
                    address = addresses.FirstOrDefault(known => known.Mac.Equals(card.Value, StringComparison.OrdinalIgnoreCase))?.Address;
                    if (address is not null)
                    {
                        return true;
                    }
                }

                return false;
            },
            cancellationToken).ConfigureAwait(false);
        return found
            ? (address!, guestPort)
            : throw new HypervisorException(
                ErrorCodes.GuestAddressUnknown,
                $"the guest of {domain} had no address on network '{network}' after {DurationText.Format(limit)}: no lease, no guest agent, nothing in the ARP table",
                $"See whether the guest asks for an address by DHCP and the network serves it: virsh -c {hypervisor.Uri} net-dhcp-leases {network}");
    }

    /// <summary>A line of <c>info usernet</c> (slirp's connection_info): protocol[HOST_FORWARD] fd, source address, port, ….</summary>
    [GeneratedRegex(@"TCP\[HOST_FORWARD\]\s+[0-9]+\s+127\.0\.0\.1\s+(?<port>[0-9]{1,5})\s")]
    private static partial Regex ForwardLine();
}
