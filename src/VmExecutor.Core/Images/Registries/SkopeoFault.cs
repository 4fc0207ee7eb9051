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
        (SkopeoFault.BlobMissing, ["manifest blob unknown"]),
        (SkopeoFault.DigestWrong, ["Digest did not match", "does not match the digest"]),
        (SkopeoFault.Unauthorized, ["unauthorized", "authentication required", "access denied", "denied:", "401 (Unauthorized)", "403 (Forbidden)", "invalid username/password"]),
        (SkopeoFault.NotFound, ["manifest unknown", "name unknown", "repository name not known", "404 (Not Found)", "blob unknown", "status 404"]),
        (SkopeoFault.Untrusted, ["server gave HTTP response to HTTPS client", "x509:", "certificate", "first record does not look like a TLS handshake"]),
        (SkopeoFault.Unreachable, ["connection refused", "no such host", "timeout", "unexpected EOF", "no route to host", "network is unreachable", "connection reset", "broken pipe", ": EOF", "toomanyrequests", "429", "500 ", "502 ", "503 ", "504 ", "received unexpected HTTP status: 5", "server misbehaving"]),
    ];

    /// <param name="errors">All that it wrote to stderr.</param>
    public static SkopeoFault Of(string errors)
    {
        var text = Last(errors);
        if (text.StartsWith("reading blob ", StringComparison.Ordinal) && text.EndsWith("no such file or directory", StringComparison.Ordinal))
        {
            return SkopeoFault.BlobMissing;
        }

        return Known.FirstOrDefault(known => known.Words.Any(word => text.Contains(word, StringComparison.OrdinalIgnoreCase))).Fault;
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

    [GeneratedRegex("^Error parsing image name \"docker://[^\"]*\": ")]
    private static partial Regex Parsing();
}
