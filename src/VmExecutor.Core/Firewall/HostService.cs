using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace VmExecutor.Core.Firewall;

/// <summary>Services that guests may use though the firewall keeps them off their address: an address or network, and ports.</summary>
/// <param name="Network">With its host bits zero.</param>
/// <param name="First">The first port.</param>
/// <param name="Last">The last port.</param>
/// <param name="Protocol"><c>tcp</c> or <c>udp</c>.</param>
public sealed record HostService(IPNetwork Network, ushort First, ushort Last, string Protocol)
{
    public const string Rule = "an address and a port, for example 127.0.0.1:5000, 192.0.2.0/24:8000-8010, [2001:db8::1]:443 or 127.0.0.1:53/udp";

    public bool IsV6 => Network.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>True when all TCP ports of the host's loopback may be used: nothing keeps guests off it.</summary>
    public bool OpensLoopback => Protocol == "tcp" && First <= 1 && Last == ushort.MaxValue && Network.Contains(IPAddress.Loopback);

    /// <param name="text"><c>ADDRESS[/BITS]:PORT[-PORT][/tcp|udp]</c>; an IPv6 address is in brackets, its bits inside or behind them.</param>
    /// <param name="service">The services.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out HostService? service)
    {
        service = null;
        var colon = text.LastIndexOf(':');
        if (colon < 1)
        {
            return false;
        }

        var (where, what) = (text[..colon], text[(colon + 1)..].Split('/'));
        var isBracketed = where[0] == '[';
        if (isBracketed != where.Contains(']', StringComparison.Ordinal) || where.Contains(':', StringComparison.Ordinal) != isBracketed)
        {
            return false;
        }

        var bits = where.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('/');
        var ports = what[0].Split('-');
        if (bits.Length > 2 || ports.Length > 2 || what.Length > 2 || (what.Length == 2 && what[1] is not ("tcp" or "udp"))
            || !IPAddress.TryParse(bits[0], out var address) || address.ScopeId() != 0
            || (address.AddressFamily == AddressFamily.InterNetwork && address.ToString() != bits[0])
            || !TryNumber(bits.Length == 2 ? bits[1] : null, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128, out var prefix)
            || !TryNumber(ports[0], ushort.MaxValue, out var first) || !TryNumber(ports[^1], ushort.MaxValue, out var last)
            || ports[0].Length == 0 || first < 1 || first > last)
        {
            return false;
        }

        service = new HostService(new IPNetwork(Masked(address, prefix), prefix), (ushort)first, (ushort)last, what.Length == 2 ? what[1] : "tcp");
        return true;
    }

    /// <summary>An element of the set of services: user, network, protocol, ports.</summary>
    internal string Element(uint user) => string.Create(CultureInfo.InvariantCulture, $"{user} . {Network} . {Protocol} . {First}-{Last}");

    private static bool TryNumber(string? text, int most, out int number)
    {
        number = most;
        return text is null || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= most);
    }

    /// <summary>The first address of the network that an address is in.</summary>
    internal static IPAddress Masked(IPAddress address, int prefix)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] &= (byte)(0xFF00 >> Math.Clamp(prefix - (8 * i), 0, 8));
        }

        return new IPAddress(bytes);
    }
}

/// <summary>The interface of an IPv6 address.</summary>
internal static class AddressScope
{
    /// <summary>0: the address names no interface.</summary>
    public static long ScopeId(this IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? address.ScopeId : 0;
}
