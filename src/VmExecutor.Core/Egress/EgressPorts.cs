using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace VmExecutor.Core.Egress;

/// <summary>Ports of one protocol.</summary>
/// <param name="First">The first port.</param>
/// <param name="Last">The last port.</param>
/// <param name="Protocol"><c>tcp</c> or <c>udp</c>.</param>
public sealed record EgressPorts(ushort First, ushort Last, string Protocol)
{
    /// <summary><c>:443</c>, <c>:8000-8010</c>, <c>:53/udp</c>.</summary>
    public string Suffix => string.Create(
        CultureInfo.InvariantCulture, $":{First}{(Last == First ? "" : $"-{Last}")}{(Protocol == "tcp" ? "" : $"/{Protocol}")}");

    /// <summary>The condition as nft writes it.</summary>
    internal string Match => string.Create(CultureInfo.InvariantCulture, $"{Protocol} dport {First}-{Last}");

    /// <param name="text"><c>PORT[-PORT][/tcp|udp]</c>.</param>
    /// <param name="ports">The ports.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out EgressPorts? ports)
    {
        ports = null;
        var parts = text.Split('/');
        var range = parts[0].Split('-');
        if (parts.Length > 2 || range.Length > 2 || (parts.Length == 2 && parts[1] is not ("tcp" or "udp"))
            || !ushort.TryParse(range[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            || !ushort.TryParse(range[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            || first < 1 || first > last)
        {
            return false;
        }

        ports = new EgressPorts(first, last, parts.Length == 2 ? parts[1] : "tcp");
        return true;
    }

    public bool Cover(EgressPorts other) => Protocol == other.Protocol && First <= other.First && other.Last <= Last;
}
