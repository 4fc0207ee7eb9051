using System.Diagnostics.CodeAnalysis;

namespace VmExecutor.Core.Guests;

/// <summary>A guest's public host key, written as in <c>ssh_host_ed25519_key.pub</c>: type, base64, and a comment that is dropped.</summary>
public sealed record HostKey
{
    private HostKey(string type, string base64) => (Type, Base64) = (type, base64);

    /// <summary><c>ssh-ed25519</c>, <c>ecdsa-sha2-nistp256</c>, <c>ssh-rsa</c> and their like.</summary>
    public string Type { get; }

    public string Base64 { get; }

    /// <summary>The signature algorithms by which a server can prove that it has this key (RFC 8332 for RSA; SHA-1 is left out).</summary>
    public IEnumerable<string> Algorithms => Type == "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [Type];

    public static HostKey Parse(string text) =>
        TryParse(text, out var key) ? key : throw new FormatException($"'{text}' is not a public host key such as 'ssh-ed25519 AAAA…'");

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out HostKey? key)
    {
        key = null;
        var line = (text ?? "").Trim();
        var parts = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 2 || line.AsSpan().IndexOfAny('\r', '\n') >= 0 || !IsType(parts[0]) || !System.Buffers.Text.Base64.IsValid(parts[1]))
        {
            return false;
        }

        key = new HostKey(parts[0], parts[1]);
        return true;
    }

    public override string ToString() => $"{Type} {Base64}";

    private static bool IsType(string text) =>
        (text.StartsWith("ssh-", StringComparison.Ordinal) || text.StartsWith("ecdsa-sha2-", StringComparison.Ordinal) || text.StartsWith("sk-", StringComparison.Ordinal))
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '@' or '.');
}
