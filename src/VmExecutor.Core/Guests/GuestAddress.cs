using System.Globalization;

namespace VmExecutor.Core.Guests;

/// <summary>Where a guest's ssh server is reached from the host.</summary>
public sealed record GuestAddress
{
    /// <param name="host">An IP address or a plain host name; nothing that ssh could take for an option.</param>
    /// <param name="port">1 to 65535.</param>
    public GuestAddress(string host, int port)
    {
        var valid = host.Length > 0 && !host.StartsWith('-') && host.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or ':' or '-');
        Host = valid ? host : throw new ArgumentException($"'{host}' is not an address or a host name", nameof(host));
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, 65535);
        Port = port;
    }

    public string Host { get; }

    public int Port { get; }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");
}
