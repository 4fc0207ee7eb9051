using System.Net;

namespace VmExecutor.Host.Egress;

/// <summary>The limits of one connection of the proxy, and how it finds addresses.</summary>
public sealed record ProxyLimits
{
    /// <summary>From its beginning to the end of the request's head, however slowly it comes.</summary>
    public TimeSpan Head { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For finding the destination's addresses and connecting to one of them.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Without a byte in either direction.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>For an answer of the proxy itself, and what the client still sends then.</summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The host's resolver.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;
}
