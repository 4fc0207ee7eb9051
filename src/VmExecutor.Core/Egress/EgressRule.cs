using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using VmExecutor.Core.Firewall;

namespace VmExecutor.Core.Egress;

/// <summary>A destination that guests under a policy may reach: a name, or a network, each with the ports that it may be reached at.</summary>
/// <param name="Name">In lower case, without a leading dot; null: the rule is about a network.</param>
/// <param name="IsDomain">True: all names below <paramref name="Name"/> are meant as well.</param>
/// <param name="Network">With its host bits zero; null: the rule is about a name.</param>
/// <param name="Ports">Null: everything, so all ports of TCP and UDP, and ICMP.</param>
public sealed record EgressRule(string? Name, bool IsDomain, IPNetwork? Network, EgressPorts? Ports)
{
    public const string Rule =
        "a name such as registry.example.com, a name with all names below it such as .example.com, or a network such as 10.1.0.0/16 or [2001:db8::]/32, each with a port if you like: "
        + "registry.example.com:443, 10.1.0.0/16:5432, [2001:db8::1]:53/udp";

    private const int LongestName = 253;
    private const int LongestLabel = 63;

    public bool IsV6 => Network?.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6;

    public static bool TryParse(string text, [NotNullWhen(true)] out EgressRule? rule)
    {
        rule = ParseNetwork(text) ?? ParseName(text);
        return rule is not null;
    }

    /// <summary>A rule that was read before, from a record or a checked configuration.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static EgressRule Parse(string text) => TryParse(text, out var rule) ? rule : throw new FormatException($"'{text}' is no rule of egress");

    /// <param name="name">A name that a guest asks for, without a final dot.</param>
    public bool Matches(string name) => Name is not null
        && (name.Equals(Name, StringComparison.OrdinalIgnoreCase)
            || (IsDomain && name.Length > Name.Length && name.EndsWith(Name, StringComparison.OrdinalIgnoreCase) && name[^(Name.Length + 1)] == '.'));

    /// <param name="port">A port of TCP.</param>
    internal bool HasPort(ushort port) => Ports is null || (Ports.Protocol == "tcp" && Ports.First <= port && port <= Ports.Last);

    /// <summary>True when everything that the other rule allows is allowed by this one, too.</summary>
    public bool Covers(EgressRule other) => (Ports is null || (other.Ports is { } ports && Ports.Cover(ports)))
        && (Name is not null
            ? other.Name is not null && Matches(other.Name) && (IsDomain || !other.IsDomain)
            : other.Network is { } network && Network!.Value.BaseAddress.AddressFamily == network.BaseAddress.AddressFamily
                && Network.Value.PrefixLength <= network.PrefixLength && Network.Value.Contains(network.BaseAddress));

    /// <summary>As it is written in YAML.</summary>
    public override string ToString() => (Network, Ports) switch
    {
        (null, _) => $"{(IsDomain ? "." : "")}{Name}{Ports?.Suffix}",
        ({ } network, null) => network.ToString(),
        ({ } network, { } ports) => $"{(IsV6 ? $"[{network.BaseAddress}]/{network.PrefixLength.ToString(CultureInfo.InvariantCulture)}" : network.ToString())}{ports.Suffix}",
    };

    private static EgressRule? ParseNetwork(string text)
    {
        if (HostService.TryParse(text, out var service))
        {
            return new(null, false, service.Network, new EgressPorts(service.First, service.Last, service.Protocol));
        }

        var parts = text.Split('/');
        var written = parts[0].StartsWith('[') && parts[0].EndsWith(']') ? parts[0][1..^1] : parts[0];
        if (parts.Length > 2 || !IPAddress.TryParse(written, out var address) || address.ScopeId() != 0
            || (address.AddressFamily == AddressFamily.InterNetwork && address.ToString() != parts[0]))
        {
            return null;
        }

        var most = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var bits = most;
        return parts.Length == 2 && (!int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out bits) || bits > most)
            ? null
            : new(null, false, new IPNetwork(HostService.Masked(address, bits), bits), null);
    }

    private static EgressRule? ParseName(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        EgressPorts? ports = null;
        if (colon >= 0 && !EgressPorts.TryParse(text[(colon + 1)..], out ports))
        {
            return null;
        }

        var name = colon < 0 ? text : text[..colon];
        var isDomain = name.StartsWith('.');
        name = (isDomain ? name[1..] : name).ToLowerInvariant();
        return IsName(name) ? new(name, isDomain, null, ports) : null;
    }

    /// <summary>A last label of digits alone would be an address that is written oddly.</summary>
    private static bool IsName(string name)
    {
        var labels = name.Split('.');
        return name.Length <= LongestName
            && labels.All(label => label.Length is > 0 and <= LongestLabel && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') && label[0] != '-' && label[^1] != '-')
            && !labels[^1].All(char.IsAsciiDigit) && !labels[^1].StartsWith("0x", StringComparison.Ordinal);
    }
}
