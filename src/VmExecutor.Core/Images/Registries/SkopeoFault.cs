using System.Text.RegularExpressions;

namespace VmExecutor.Core.Images.Registries;

/// <summary>The reasons for which skopeo fails, as far as an administrator does something else about each.</summary>
public enum SkopeoFault
{
    /// <summary>None of the others: its own words say it.</summary>
    Other,

    /// <summary>The registry is away or breaks off; asking again may help.</summary>
    Unreachable,

    /// <summary>A blob that the manifest names is not where it is to be copied from, nor where to.</summary>
    BlobMissing,

    /// <summary>There is no such tag, digest or repository.</summary>
    NotFound,

    /// <summary>The registry wants a login, or this login may not.</summary>
    Unauthorized,

    /// <summary>policy.json refuses it, or its signature is wrong or missing.</summary>
    Rejected,

    /// <summary>A blob is not what its digest says: cut off, or changed.</summary>
    DigestWrong,

    /// <summary>This host's disk is full.</summary>
    HostFull,

    /// <summary>The manifest is larger than skopeo reads.</summary>
    ManifestTooLarge,

    /// <summary>By this host's clock the registry's certificate is not valid yet, or no more.</summary>
    CertificateExpired,

    /// <summary>The connection is not encrypted as skopeo wants it, or the certificate is not trusted.</summary>
    Untrusted,
}

/// <summary>Reads skopeo's last words.</summary>
public static partial class SkopeoWords
{
    // In this order: a text may have several of them. Seen with skopeo 1.9.3; the words are of containers/image and of Go.
    private static readonly (SkopeoFault Fault, string[] Words)[] Known =
    [
        (SkopeoFault.Rejected, ["Source image rejected", "is rejected by policy", "signature was required", "invalid policy", "no policy.json file found"]),
        (SkopeoFault.HostFull, ["no space left on device", "disk quota exceeded"]),
        (SkopeoFault.ManifestTooLarge, ["exceeded maximum allowed size"]),
        (SkopeoFault.BlobMissing, ["manifest blob unknown"]),
        (SkopeoFault.DigestWrong, ["Digest did not match", "does not match the digest"]),
        (SkopeoFault.Unauthorized, ["unauthorized", "authentication required", "access denied", "access to the resource is denied", "401 (Unauthorized)", "403 (Forbidden)", "StatusCode: 403", "StatusCode: 401", "invalid username/password"]),
        (SkopeoFault.NotFound, ["manifest unknown", "name unknown", "repository name not known", "404 (Not Found)", "StatusCode: 404", "blob unknown", "status 404"]),
        (SkopeoFault.CertificateExpired, ["certificate has expired or is not yet valid"]),
        (SkopeoFault.Untrusted, ["server gave HTTP response to HTTPS client", "x509:", "tls: ", "first record does not look like a TLS handshake"]),
        (SkopeoFault.Unreachable,
        [
            "connection refused", "no such host", "timeout", "timed out", "deadline exceeded", "unexpected EOF", "no route to host", "network is unreachable", "connection reset", "broken pipe", ": EOF", "toomanyrequests",
            "too many requests", "invalid status code from registry 429", "invalid status code from registry 5", "received unexpected HTTP status: 5", "StatusCode: 429", "StatusCode: 5", "server misbehaving", "GOAWAY", "stream error",
        ]),
    ];

    /// <param name="errors">All that it wrote to stderr.</param>
    public static SkopeoFault Of(string errors)
    {
        var text = Last(errors);
        if (text.StartsWith("reading blob ", StringComparison.Ordinal)
            && (text.EndsWith("no such file or directory", StringComparison.Ordinal) || text.Contains("404 (Not Found)", StringComparison.Ordinal) || text.EndsWith("blob unknown to registry", StringComparison.Ordinal)))
        {
            return SkopeoFault.BlobMissing;
        }

        // Names that people chose, and digests, must not be taken for skopeo's words.
        var words = Names().Replace(text, "");
        return Denied().IsMatch(words)
            ? SkopeoFault.Unauthorized
            : Known.FirstOrDefault(known => known.Words.Any(word => words.Contains(word, StringComparison.OrdinalIgnoreCase))).Fault;
    }

    /// <summary>
    /// Its message without the time and level that logrus puts before it. A registry that is away is no error of the name, though skopeo says "Error parsing image name".
    /// </summary>
    public static string Last(string errors)
    {
        var line = errors.Split('\n').LastOrDefault(line => line.Contains("level=fatal", StringComparison.Ordinal)) ?? errors.Trim().Split('\n')[^1];
        const string before = "msg=\"";
        var start = line.IndexOf(before, StringComparison.Ordinal);
        var message = start < 0 ? line : line[(start + before.Length)..].TrimEnd().TrimEnd('"').Replace("\\\"", "\"", StringComparison.Ordinal);
        return Values.PlainText.OneLine(Parsing().Replace(message.Trim(), ""), 600);
    }

    /// <summary>Digests, and all that has a slash: repositories, addresses, paths. The colon behind it stays.</summary>
    [GeneratedRegex(@"(?<=^reading manifest )\S+|sha256:[0-9a-f]+|\S*/\S*?(?=:?(\s|$))")]
    private static partial Regex Names();

    /// <summary>The registry's word; a file of this host says "permission denied".</summary>
    [GeneratedRegex(@"(?<!permission )\bdenied(:|$)", RegexOptions.IgnoreCase)]
    private static partial Regex Denied();

    [GeneratedRegex("^Error parsing image name \"docker://[^\"]*\": ")]
    private static partial Regex Parsing();
}
