using System.Globalization;
using System.Text;

namespace VmExecutor.Core.Egress;

/// <summary>An answer of the proxy itself.</summary>
/// <param name="Status">The status of HTTP.</param>
/// <param name="Phrase">Its words.</param>
/// <param name="Text">The reason, in one line; git and curl show it, or at least the status.</param>
public sealed record ProxyAnswer(int Status, string Phrase, string Text)
{
    /// <summary>The answer to a <c>CONNECT</c> whose destination was reached; what follows comes from there.</summary>
    public static ReadOnlyMemory<byte> Connected { get; } = "HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray();

    public static ProxyAnswer HeadTooLong { get; } = new(431, "Request Header Fields Too Large", $"the head of a request has {ProxyRequest.LongestHead} bytes at most");

    public static ProxyAnswer TooMany { get; } = new(503, "Service Unavailable", "the proxy of this job has as many connections as it takes");

    public static ProxyAnswer Refused(EgressPolicy policy, string target) => new(403, "Forbidden", $"egress policy '{policy.Name}' refused {target}");

    public static ProxyAnswer Unreached(ProxyTarget target, string why) => new(502, "Bad Gateway", $"{target} was not reached: {why}");

    public byte[] ToBytes()
    {
        var body = Encoding.UTF8.GetBytes($"vm-executor: {Text}\n");
        var head = string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {Status} {Phrase}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }
}
