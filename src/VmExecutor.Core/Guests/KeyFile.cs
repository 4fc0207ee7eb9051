using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using System.Text.RegularExpressions;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Guests;

/// <summary>The reason why ssh cannot use a file as a private key without asking a person.</summary>
/// <param name="What">The end of a sentence that begins with the file's path.</param>
/// <param name="Fix">A command, or what to do.</param>
public sealed record KeyTrouble(string What, string Fix);

/// <summary>
/// Recognizes by its content a file that the configuration names as a private key (OpenSSH's PROTOCOL.key, RFC 7468, RFC 1421).
/// </summary>
public static partial class KeyFile
{
    /// <summary>The number of bytes that must be read of the file; larger than any key.</summary>
    public const int MostBytes = 64 << 10;

    private const string OpenSsh = "-----BEGIN OPENSSH PRIVATE KEY-----";
    private const string OpenSshEnd = "-----END OPENSSH PRIVATE KEY-----";

    /// <summary>Null: ssh can use it, as far as the content tells.</summary>
    public static KeyTrouble? Trouble(ReadOnlySpan<byte> content, AbsolutePath path)
    {
        var file = ShellText.Quote(path.Value);
        if (content.Trim(" \t\r\n\0"u8).IsEmpty)
        {
            return new KeyTrouble("is empty", $"ssh-keygen -t ed25519 -N '' -f {file}   # and let the guest have {file}.pub");
        }

        // Each byte is one character; keys are ASCII.
        var text = Encoding.Latin1.GetString(content);
        return OfText(text, path, file);
    }

    private static KeyTrouble? OfText(string text, AbsolutePath path, string file)
    {
        var start = text.TrimStart('\u00ef', '\u00bb', '\u00bf', ' ', '\t', '\r', '\n');
        if (start.StartsWith("PuTTY-User-Key-File-", StringComparison.Ordinal))
        {
            return new KeyTrouble("is a key of PuTTY (.ppk), which ssh does not read", $"puttygen {file} -O private-openssh-new -o {ShellText.Quote($"{path}.openssh")}");
        }

        if (PrivateKeyMark().Match(text) is { Success: true } mark)
        {
            return OfPrivateKey(text, mark.Groups["kind"].Value.Trim(), file);
        }

        if (PublicKeyMark().IsMatch(text))
        {
            return Public(path, "is a public key");
        }

        if (text.Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal))
        {
            return new KeyTrouble("is a certificate and no private key", "name the private key that belongs to it");
        }

        return OfLines(text, path);
    }

    private static KeyTrouble? OfPrivateKey(string text, string kind, string file)
    {
        var encrypted = new KeyTrouble("has a passphrase, which a job cannot type", $"ssh-keygen -p -N '' -f {file}   # takes the passphrase away; or name a key without one");
        return kind switch
        {
            "ENCRYPTED" or "SSH2 ENCRYPTED" => encrypted,
            "OPENSSH" => OfOpenSsh(text, encrypted),
            _ => LegacyEncryption().IsMatch(text) ? encrypted : null,
        };
    }

    private static KeyTrouble? OfOpenSsh(string text, KeyTrouble encrypted)
    {
        var damaged = new KeyTrouble("is a damaged private key", "copy it again from where it was made, whole and unchanged");

        // sshkey.c compares these lines with their line ends; a key that went through a Windows editor or a web form fails there.
        if (!text.StartsWith($"{OpenSsh}\n", StringComparison.Ordinal))
        {
            return text.Contains($"{OpenSsh}\r\n", StringComparison.Ordinal)
                ? new KeyTrouble("has line ends of Windows, with which ssh does not take it", "dos2unix it, or copy it again as plain text")
                : new KeyTrouble($"does not begin with '{OpenSsh}', and ssh takes nothing before that line", "remove what stands before that line");
        }

        var end = text.IndexOf(OpenSshEnd, StringComparison.Ordinal);
        if (end < 0)
        {
            return damaged;
        }

        if (!text.AsSpan(end).StartsWith($"{OpenSshEnd}\n"))
        {
            return new KeyTrouble("lacks the line break at its end, without which ssh does not take it", "add a line break at its end");
        }

        var body = string.Concat(text[(OpenSsh.Length + 1)..end].Where(character => !char.IsWhiteSpace(character)));
        if (!Base64.IsValid(body))
        {
            return damaged;
        }

        return OpenSshHeader.Parse(Convert.FromBase64String(body)) switch
        {
            null => damaged,
            { Cipher: not "none" } => encrypted,
            { KeyType: var type } when type.StartsWith("sk-", StringComparison.Ordinal) =>
                new KeyTrouble("belongs to a security key (FIDO), which a person must touch", "use a key that is a file: ssh-keygen -t ed25519"),
            _ => null,
        };
    }

    private static KeyTrouble OfLines(string text, AbsolutePath path)
    {
        var lines = text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#').ToList();
        if (lines.FirstOrDefault(line => CertificateLine().IsMatch(line)) is not null)
        {
            return new KeyTrouble("is an SSH certificate and no private key", "name the private key that it certifies; ssh finds KEY-cert.pub beside it");
        }

        if (lines.FirstOrDefault(line => PublicKeyLine().IsMatch(line)) is not { } line)
        {
            return new KeyTrouble("is no private key", "name the file that ssh-keygen has made, without .pub");
        }

        return !KeyTypeFirst().IsMatch(line) && KnownHostsLine().IsMatch(line)
            ? new KeyTrouble("is a known_hosts file", "name the private key; the guest's own key goes to 'ssh: host_key'")
            : Public(path, lines.Count > 1 ? "is a list of public keys (authorized_keys)" : "is a public key");
    }

    private static KeyTrouble Public(AbsolutePath path, string what) => new(
        what, path.Name.EndsWith(".pub", StringComparison.Ordinal) && path.Name.Length > 4 ? $"name the private key: {path.Parent().Child(path.Name[..^4])}" : "name the private key that belongs to it");

    [GeneratedRegex(@"-----? ?BEGIN (?<kind>[A-Z0-9 ]*)PRIVATE KEY ?-----?")]
    private static partial Regex PrivateKeyMark();

    [GeneratedRegex(@"-----? ?BEGIN [A-Z0-9 ]*PUBLIC KEY ?-----?")]
    private static partial Regex PublicKeyMark();

    [GeneratedRegex(@"^Proc-Type:\s*4,\s*ENCRYPTED", RegexOptions.Multiline)]
    private static partial Regex LegacyEncryption();

    [GeneratedRegex(@"(^|\s)(ssh|ecdsa|sk)-[a-z0-9@.-]+-cert-v0[01]@openssh\.com\s+AAAA")]
    private static partial Regex CertificateLine();

    [GeneratedRegex(@"(^|\s)(ssh-(rsa|dss|ed25519|ed448)|ecdsa-sha2-[a-z0-9]+|sk-[a-z0-9@.-]+)\s+AAAA")]
    private static partial Regex PublicKeyLine();

    [GeneratedRegex(@"^(ssh-|ecdsa-sha2-|sk-)")]
    private static partial Regex KeyTypeFirst();

    /// <summary>A host, a list of hosts or a hash of one before the key; options of authorized_keys have '=' or are known words.</summary>
    [GeneratedRegex(@"^(@(cert-authority|revoked)\s+)?(\|1\|\S+|(?!restrict|no-|cert-authority|pty|agent-forwarding|port-forwarding|X11-forwarding|user-rc)[^\s=""]+)\s+(ssh-|ecdsa-sha2-|sk-)")]
    private static partial Regex KnownHostsLine();

    /// <summary>The part of OpenSSH's own format that is never encrypted.</summary>
    private sealed record OpenSshHeader(string Cipher, string KeyType)
    {
        private static ReadOnlySpan<byte> Magic => "openssh-key-v1\0"u8;

        public static OpenSshHeader? Parse(ReadOnlySpan<byte> blob)
        {
            if (!blob.StartsWith(Magic))
            {
                return null;
            }

            var rest = blob[Magic.Length..];
            if (!TryTake(ref rest, out var cipher) || !TryTake(ref rest, out _) || !TryTake(ref rest, out _) || rest.Length < 4)
            {
                return null;
            }

            // The number of keys, which is always one.
            rest = rest[4..];
            return TryTake(ref rest, out var key) && TryTake(ref key, out var type) && TryTake(ref rest, out _)
                ? new OpenSshHeader(Encoding.Latin1.GetString(cipher), Encoding.Latin1.GetString(type))
                : null;
        }

        private static bool TryTake(ref ReadOnlySpan<byte> from, out ReadOnlySpan<byte> value)
        {
            value = default;
            if (from.Length < 4 || BinaryPrimitives.ReadUInt32BigEndian(from) is var length && length > from.Length - 4)
            {
                return false;
            }

            value = from.Slice(4, (int)length);
            from = from[(4 + (int)length)..];
            return true;
        }
    }
}
