using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Numerics;
using System.Xml.Linq;

namespace VmExecutor.Core.Health;

/// <summary>Reads an address of the host on a libvirt network (formatnetwork, "Addressing").</summary>
public static class NetworkHost
{
    /// <param name="ip">The element <c>ip</c>.</param>
    /// <returns>In CIDR notation; null: it has no address, or one that is not understood. Without a length it has the one of its class, as libvirt gives it.</returns>
    public static string? Parse(XElement ip)
    {
        if (!IPAddress.TryParse((string?)ip.Attribute("address"), out var address))
        {
            return null;
        }

        var isV4 = address.AddressFamily == AddressFamily.InterNetwork;
        var bits = (string?)ip.Attribute("prefix") is { } prefix
                ? int.TryParse(prefix, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= (isV4 ? 32 : 128) ? number : -1
            : (string?)ip.Attribute("netmask") is { } mask ? IPAddress.TryParse(mask, out var parsed) ? parsed.GetAddressBytes().Sum(part => BitOperations.PopCount(part)) : -1
            : !isV4 ? 64
            : address.GetAddressBytes()[0] switch { < 128 => 8, < 192 => 16, < 224 => 24, _ => -1 };
        return bits < 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{address}/{bits}");
    }
}
