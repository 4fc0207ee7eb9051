using System.Net;

namespace VmExecutor.Core.Egress;

/// <summary>
/// The decisions of the proxy of one job. They are those of <see cref="EgressTable"/>: a rule about a name opens the name's addresses, but none that is closed to all guests; a rule about a
/// network opens addresses, and no names.
/// </summary>
/// <param name="policy">The job's policy.</param>
/// <param name="closed">The addresses that are closed to all guests.</param>
public sealed class ProxyRules(EgressPolicy policy, ClosedAddresses closed)
{
    public EgressPolicy Policy => policy;

    /// <summary>The first decision, before a name is resolved.</summary>
    /// <returns>The refused destination as it is told; null: go on.</returns>
    public string? Refuses(ProxyTarget target) =>
        target.Address is { } written ? RefusesAddress(ClosedAddresses.Plain(written), target.Port)
        : policy.AllowsName(target.Name!, target.Port) ? null
        : policy.AllowsName(target.Name!) ? target.ToString()
        : target.Name;

    /// <summary>The second decision, about the addresses that a name was resolved to. Only these may be connected to: another question may have another answer.</summary>
    /// <returns>The addresses; or, where there is none, the refused destination as it is told.</returns>
    public (IReadOnlyList<IPAddress> Addresses, string? Refused) Open(ProxyTarget target, IEnumerable<IPAddress> resolved)
    {
        var addresses = resolved.Select(address => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).Distinct().ToList();
        List<IPAddress> open = [.. addresses.Where(address => !closed.Contain(address) || (policy.AllowsAddress(address, target.Port) && closed.IsService(address, target.Port)))];
        return (open, open.Count > 0 || addresses.Count == 0 ? null : $"{target} ({addresses[0]})");
    }

    private string? RefusesAddress(IPAddress address, ushort port) =>
        policy.AllowsAddress(address, port) && (!closed.Contain(address) || closed.IsService(address, port)) ? null : ProxyTarget.At(address, port);
}
