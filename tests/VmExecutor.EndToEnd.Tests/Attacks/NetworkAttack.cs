namespace VmExecutor.EndToEnd.Tests.Attacks;

/// <summary>A guest's try to reach a service in QEMU's user-mode network.</summary>
/// <param name="Name">In the list of attacks.</param>
/// <param name="Means">A function of the guest's program: <c>tcp</c> and <c>udp</c> by the guest's own network, the others by a packet
/// made byte for byte.</param>
/// <param name="Address">As the guest writes it.</param>
internal sealed record NetworkAttack(string Name, string Means, string Address)
{
    /// <summary>Ports of the servers from here on: each attack has its own, so that a server's log tells attacks apart.</summary>
    public const int FirstPort = 8000;

    /// <summary>The port that all servers have besides.</summary>
    public const int LastPort = 8049;

    /// <summary>The attacks on the host, and on clouds' metadata services behind it.</summary>
    public static IReadOnlyList<NetworkAttack> All { get; } =
    [
        new("loopback-gateway", "tcp", "10.0.2.2"),
        new("loopback-udp", "udp", "10.0.2.2"),
        new("loopback-decimal", "tcp", "167772674"),
        new("loopback-octal", "tcp", "012.0.02.2"),
        new("loopback-hexadecimal", "tcp", "0x0a000202"),
        new("loopback-raw", "raw4", "127.0.0.1"),
        new("loopback-raw-other", "raw4", "127.9.9.9"),
        new("loopback-raw-zero", "raw4", "0.0.0.0"),
        new("loopback-raw-udp", "rawudp4", "127.0.0.1"),
        new("loopback-gateway6", "raw6", "fec00000000000000000000000000002"),
        new("loopback-raw6", "raw6", "00000000000000000000000000000001"),
        new("loopback-mapped", "raw6", "00000000000000000000ffff7f000001"),
        new("own-address", "tcp", "192.0.2.1"),
        new("own-address6", "raw6", "20010db8000000000000000000000001"),
        new("own-address-mapped", "raw6", "00000000000000000000ffffc0000201"),
        new("own-multicast", "rawudp4", "224.0.0.251"),
        new("metadata", "tcp", "169.254.169.254"),
        new("metadata-azure", "tcp", "168.63.129.16"),
        new("metadata-alibaba", "tcp", "100.100.100.200"),
        new("metadata6", "raw6", "fd000ec2000000000000000000000254"),
        new("metadata-mapped", "raw6", "00000000000000000000ffffa9fea9fe"),
    ];

    /// <summary>The mark that a server notes of it: protocol and port.</summary>
    public string Mark => $"{(Means is "udp" or "rawudp4" ? "udp" : "tcp")} {Port}";

    private int Port => FirstPort + All.ToList().IndexOf(this);

    /// <summary>The line of the guest's program.</summary>
    public string Line => $"{Means} {Address} {Port}";
}
