using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace VmExecutor.Core.Egress;

/// <summary>The destination that a guest asks the proxy for.</summary>
/// <param name="Name">In lower case, without a final dot; null: it asks for an address.</param>
/// <param name="Address">Null: it asks for a name.</param>
/// <param name="Port">The port.</param>
public sealed record ProxyTarget(string? Name, IPAddress? Address, ushort Port)
{
    private const int LongestName = 253;
    private const int LongestLabel = 63;

    /// <param name="authority"><c>HOST[:PORT]</c>, an IPv6 address in brackets. An address in another way of writing than the usual one is refused: programs disagree on what it means.</param>
    /// <param name="standard">The port where none is written; null: it must be.</param>
    /// <returns>Null: it is none.</returns>
    public static ProxyTarget? TryParse(string authority, ushort? standard)
    {
        var end = authority.StartsWith('[') ? authority.IndexOf(']', StringComparison.Ordinal) + 1 : authority.IndexOf(':', StringComparison.Ordinal);
        var host = end < 0 ? authority : authority[..end];
        var rest = authority[host.Length..];
        if (host.Length == 0 || !TryPort(rest, standard, out var port))
        {
            return null;
        }

        if (host[0] == '[')
        {
            // A scope would name an interface of the host.
            return host.All(c => char.IsAsciiHexDigit(c) || c is '[' or ']' or ':' or '.') && IPAddress.TryParse(host[1..^1], out var address) && address.AddressFamily == AddressFamily.InterNetworkV6
                ? new ProxyTarget(null, address, port) : null;
        }

        if (IPAddress.TryParse(host, out var plain))
        {
            return plain.AddressFamily == AddressFamily.InterNetwork && plain.ToString() == host ? new ProxyTarget(null, plain, port) : null;
        }

        var name = (host.EndsWith('.') ? host[..^1] : host).ToLowerInvariant();
        return IsName(name) ? new ProxyTarget(name, null, port) : null;
    }

    /// <summary>As it is told in the job log.</summary>
    public override string ToString() => Name is not null ? string.Create(CultureInfo.InvariantCulture, $"{Name}:{Port}") : At(Address!, Port);

    /// <summary>The field <c>Host</c> of a request to it.</summary>
    internal string Host => Port == ProxyRequest.HttpPort ? ToString()[..^(1 + Port.ToString(CultureInfo.InvariantCulture).Length)] : ToString();

    internal static string At(IPAddress address, ushort port) =>
        string.Create(CultureInfo.InvariantCulture, $"{(address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString())}:{port}");

    private static bool TryPort(string text, ushort? standard, out ushort port)
    {
        port = standard ?? 0;
        return text.Length == 0 ? standard is not null
            : text[0] == ':' && text.Length <= 6 && ushort.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port > 0;
    }

    /// <summary>A last label of digits alone, or in the hexadecimal way, would be an address for some programs.</summary>
    private static bool IsName(string name)
    {
        var labels = name.Split('.');
        return name.Length is > 0 and <= LongestName
            && labels.All(label => label.Length is > 0 and <= LongestLabel && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') && label[0] != '-' && label[^1] != '-')
            && !labels[^1].All(char.IsAsciiDigit) && !labels[^1].StartsWith("0x", StringComparison.Ordinal);
    }
}
