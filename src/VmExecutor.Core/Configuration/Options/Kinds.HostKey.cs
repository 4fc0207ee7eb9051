using System.Buffers.Binary;
using System.Text;
using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.Core.Configuration.Options;

/// <summary>Public host keys.</summary>
internal static partial class Kinds
{
    private const string RightHostKey = "write '<type> <base64>' as in the guest's /etc/ssh/ssh_host_ed25519_key.pub";

    private static readonly string[] HostKeyTypes =
    [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
    ];

    /// <summary>
    /// A public host key as it stands in <c>/etc/ssh/ssh_host_ed25519_key.pub</c>. The blob repeats the type before the key
    /// (RFC 4253, section 6.6), which catches keys that were cut or mixed up.
    /// </summary>
    public static ScalarKind<string> HostKey { get; } = new(
        "public host key",
        new EditorCheck.Pattern($@"^\s*(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa) +[A-Za-z0-9+/]+=*( {Plain}*)?\s*$"),
        ReadHostKey);

    private static Reading ReadHostKey(ScalarText scalar)
    {
        var text = scalar.Text.Trim();
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (text.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            return Reading.Wrong($"is a private key, which must never leave the guest; {RightHostKey}");
        }

        if (words.Any(word => word.StartsWith("SHA256:", StringComparison.Ordinal)))
        {
            return Reading.Wrong($"is only a fingerprint; {RightHostKey}");
        }

        if (words.Length >= 3 && !HostKeyTypes.Contains(words[0]) && HostKeyTypes.Contains(words[1]))
        {
            return Reading.Wrong($"begins with {Quote.Text(words[0])}, as lines of known_hosts and ssh-keyscan do; leave that word out");
        }

        if (words.Length < 2 || text.Any(char.IsControl))
        {
            return Reading.Wrong($"{Quote.Text(scalar.Text)} is not a public host key; {RightHostKey}");
        }

        if (!HostKeyTypes.Contains(words[0]))
        {
            return Reading.Wrong($"{Quote.Text(words[0])} is not a type of host key; write {Quote.AnyOf(HostKeyTypes)}");
        }

        return IsBlobOf(words[0], words[1])
            ? Reading.Of($"{words[0]} {words[1]}")
            : Reading.Wrong($"{Quote.Text(words[1])} is not the base64 text of a key of type {words[0]}; copy the whole line again");
    }

    private static bool IsBlobOf(string type, string base64)
    {
        var blob = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, blob, out var length)
            && length > 4 + type.Length + 4
            && BinaryPrimitives.ReadInt32BigEndian(blob) == type.Length
            && blob.AsSpan(4, type.Length).SequenceEqual(Encoding.ASCII.GetBytes(type));
    }
}
