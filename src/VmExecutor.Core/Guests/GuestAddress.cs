using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace VmExecutor.Core.Guests;

/// <summary>The address of a guest's ssh server, as the host reaches it.</summary>
public sealed record GuestAddress
{
    /// <param name="host">An IP address or a plain host name; nothing that ssh could take for an option.</param>
    /// <param name="port">1 to 65535.</param>
    public GuestAddress(string host, int port)
    {
        Host = IsHost(host) ? host : throw new ArgumentException($"'{host}' is not an address or a host name", nameof(host));
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 65535);
        Port = port;
    }

    public string Host { get; }

    public int Port { get; }

    /// <summary>True: QEMU's user network forwards the port. It accepts each connection itself, before the guest has said anything.</summary>
    public bool IsForwarded => Host is "127.0.0.1" or "::1" or "localhost";

    public static bool TryParse([NotNullWhen(true)] string? host, int port, [NotNullWhen(true)] out GuestAddress? address)
    {
        address = host is not null && IsHost(host) && port is >= 1 and <= 65535 ? new GuestAddress(host, port) : null;
        return address is not null;
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");

    private static bool IsHost(string text) =>
        text.Length > 0 && !text.StartsWith('-') && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or ':' or '-');
}
