using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>
/// The part of a connection's session keys that an ssh server gives (RFC 4253, sections 6 and 7; RFC 8731): its half of the Diffie-Hellman exchange, and
/// the cookie that goes into the exchange hash. Both are plain on the wire. Two servers with equal random numbers would send the same.
/// </summary>
/// <param name="Cookie">Of its first packet.</param>
/// <param name="PublicKey">The ephemeral X25519 key, of this connection only.</param>
internal sealed record SshKeyExchange(string Cookie, string PublicKey)
{
    private const byte KexInit = 20, EcdhInit = 30, EcdhReply = 31;
    private const int CookieBytes = 16, KeyBytes = 32;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Always with the same client key: what differs is the server's doing.</summary>
    public static async Task<SshKeyExchange> WithAsync(string host, int port)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var client = new TcpClient();
        await client.ConnectAsync(host, port, limit.Token);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes("SSH-2.0-vmx_test\r\n"), limit.Token);
        while (!(await ReadLineAsync(stream, limit.Token)).StartsWith("SSH-2.0-", StringComparison.Ordinal))
        {
        }

        await stream.WriteAsync(Packet(Proposal()), limit.Token);
        var proposal = await ReadAsync(stream, KexInit, limit.Token);
        await stream.WriteAsync(Packet([EcdhInit, .. Text([9, .. new byte[KeyBytes - 1]])]), limit.Token);
        var reply = await ReadAsync(stream, EcdhReply, limit.Token);
        var hostKeyBytes = BinaryPrimitives.ReadInt32BigEndian(reply.AsSpan(1));
        var key = reply.AsSpan(1 + 4 + hostKeyBytes);
        return BinaryPrimitives.ReadInt32BigEndian(key) == KeyBytes
            ? new SshKeyExchange(Convert.ToHexStringLower(proposal.AsSpan(1, CookieBytes)), Convert.ToHexStringLower(key.Slice(4, KeyBytes)))
            : throw new InvalidOperationException("the server's key is not one of X25519");
    }

    private static byte[] Proposal()
    {
        string[] lists = ["curve25519-sha256", "ssh-ed25519", "aes128-ctr", "aes128-ctr", "hmac-sha2-256", "hmac-sha2-256", "none", "none", "", ""];
        return [KexInit, .. new byte[CookieBytes], .. lists.SelectMany(list => Text(Encoding.ASCII.GetBytes(list))), 0, 0, 0, 0, 0];
    }

    private static byte[] Text(byte[] bytes) => [.. Number(bytes.Length), .. bytes];

    private static byte[] Number(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }

    private static byte[] Packet(byte[] payload)
    {
        var padding = 8 - ((4 + 1 + payload.Length) % 8);
        padding += padding < 4 ? 8 : 0;
        return [.. Number(1 + payload.Length + padding), (byte)padding, .. payload, .. new byte[padding]];
    }

    private static async Task<byte[]> ReadAsync(NetworkStream stream, byte wanted, CancellationToken cancellationToken)
    {
        var head = new byte[5];
        await stream.ReadExactlyAsync(head, cancellationToken);
        var rest = new byte[BinaryPrimitives.ReadInt32BigEndian(head) - 1];
        await stream.ReadExactlyAsync(rest, cancellationToken);
        return rest[0] == wanted ? rest : throw new InvalidOperationException($"the server sent message {rest[0]} in place of {wanted}");
    }

    private static async Task<string> ReadLineAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (one[0] != '\n')
        {
            await stream.ReadExactlyAsync(one, cancellationToken);
            line.Append((char)one[0]);
        }

        return line.ToString();
    }
}
