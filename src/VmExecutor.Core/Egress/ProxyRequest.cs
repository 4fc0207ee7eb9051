using System.Globalization;
using System.Text;

namespace VmExecutor.Core.Egress;

/// <summary>
/// A request that a guest's program makes of the proxy: <c>CONNECT host:port</c>, or a plain HTTP request in absolute form (RFC 9112, 3.2). Its writer may be hostile, so whatever
/// two programs could read in two ways is refused. The connection carries one request.
/// </summary>
/// <param name="Target">The destination.</param>
/// <param name="Head">The head for the destination; null: <c>CONNECT</c>, so that what follows is the client's own.</param>
/// <param name="BodyBytes">The bytes behind the head that belong to a plain request; null: all that follow.</param>
public sealed record ProxyRequest(ProxyTarget Target, byte[]? Head, long? BodyBytes)
{
    /// <summary>A longer head is refused.</summary>
    public const int LongestHead = 16 << 10;

    internal const ushort HttpPort = 80;

    private const string Scheme = "http://";

    /// <summary>Fields that are about the connection to the proxy (RFC 9110, 7.6.1), and those that only it may read.</summary>
    private static readonly HashSet<string> OfConnection = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Proxy-Authenticate", "TE", "Trailer", "Upgrade", "Host",
    };

    /// <summary>The number of bytes of the head with the empty line behind it; null: its end has not come yet.</summary>
    public static int? EndOfHead(ReadOnlySpan<byte> bytes) => bytes.IndexOf("\r\n\r\n"u8) is >= 0 and var at ? at + 4 : null;

    /// <param name="head">A head with the empty line behind it.</param>
    /// <returns>The request; or the answer to what is none.</returns>
    public static (ProxyRequest? Request, ProxyAnswer? Refusal) Read(ReadOnlySpan<byte> head)
    {
        var text = Encoding.Latin1.GetString(head);
        var lines = text.EndsWith("\r\n\r\n", StringComparison.Ordinal) ? text[..^4].Split("\r\n") : [text];
        if (lines.Any(line => line.Any(c => c is < ' ' and not '\t' or '\x7f')) || lines[0].Split(' ') is not [var method, var target, "HTTP/1.1" or "HTTP/1.0"] || !IsToken(method))
        {
            return Bad("this is no HTTP/1.1 request");
        }

        if (method == "CONNECT")
        {
            return ProxyTarget.TryParse(target, standard: null) is { } end ? (new ProxyRequest(end, null, null), null) : Bad("'CONNECT' wants a name or an address, and a port");
        }

        return target.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? ReadPlain(method, target[Scheme.Length..], lines)
            : Bad(target.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? "https goes through this proxy by 'CONNECT'" : "this proxy takes 'CONNECT' and requests with 'http://' and a name");
    }

    private static (ProxyRequest?, ProxyAnswer?) ReadPlain(string method, string target, string[] lines)
    {
        var slash = target.AsSpan().IndexOfAny('/', '?', '#');
        var (authority, path) = slash < 0 ? (target, "/") : (target[..slash], target[slash] == '/' ? target[slash..] : $"/{target[slash..]}");
        if (ProxyTarget.TryParse(authority, HttpPort) is not { } end)
        {
            return Bad("the request names no host that the proxy could reach");
        }

        List<(string Name, string Value)> fields = [];
        foreach (var line in lines.Skip(1))
        {
            // A field that goes on in the next line begins with a blank.
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 1 || !IsToken(line[..colon]))
            {
                return Bad("a field of the request's head is none");
            }

            fields.Add((line[..colon], line[(colon + 1)..].Trim(' ', '\t')));
        }

        if (!TryLength(fields, out var bytes))
        {
            return Bad("the length of the request's body is not clear");
        }

        var dropped = fields.Where(field => field.Name.Equals("Connection", StringComparison.OrdinalIgnoreCase)).SelectMany(field => field.Value.Split(',')).Select(name => name.Trim())
            .Where(name => !IsFraming(name)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var head = new StringBuilder();
        head.Append(CultureInfo.InvariantCulture, $"{method} {path} HTTP/1.1\r\nHost: {end.Host}\r\n");
        foreach (var (name, value) in fields.Where(field => !OfConnection.Contains(field.Name) && !dropped.Contains(field.Name)))
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        return (new ProxyRequest(end, Encoding.Latin1.GetBytes(head.Append("Connection: close\r\n\r\n").ToString()), bytes), null);
    }

    /// <summary>Two lengths, or a length and a coding, are how one request is hidden in another (RFC 9112, 6.3).</summary>
    private static bool TryLength(List<(string Name, string Value)> fields, out long? bytes)
    {
        var lengths = fields.Where(field => field.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)).Select(field => field.Value).ToList();
        var codings = fields.Where(field => field.Name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)).Select(field => field.Value).ToList();
        bytes = codings.Count > 0 ? null : 0;
        if (lengths.Count + codings.Count > 1 || codings.Any(coding => !coding.Equals("chunked", StringComparison.OrdinalIgnoreCase)))
        {
            return false;
        }

        if (lengths is [var length])
        {
            var isNumber = long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
            bytes = number;
            return isNumber;
        }

        return true;
    }

    private static bool IsFraming(string name) => name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) || name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase);

    private static bool IsToken(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal));

    private static (ProxyRequest?, ProxyAnswer?) Bad(string why) => (null, new ProxyAnswer(400, "Bad Request", why));
}
