using VmExecutor.Core.Configuration.Binding;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Options;

/// <summary>Addresses that disks are downloaded from.</summary>
internal static partial class Kinds
{
    private const int LongestUrl = 2000;
    private const string RightUrl = "write for example https://example.com/disk.qcow2 or file:///srv/disk.qcow2";

    public static ScalarKind<DownloadAddress> Url { get; } = new(
        "address, http, https or file",
        new EditorCheck.Pattern(@"^([Hh][Tt][Tt][Pp][Ss]?|[Ff][Ii][Ll][Ee])://[^\u0000-\u0020\u007f-\u00a0@#]+$"),
        ReadUrl);

    private static Reading ReadUrl(ScalarText scalar)
    {
        var text = scalar.Text;
        if (text.Length > LongestUrl || PlainText.OneLine(text, text.Length) != text || text.Contains(' ', StringComparison.Ordinal)
            || !Uri.TryCreate(text, UriKind.Absolute, out var address)
            || !text.StartsWith(address.Scheme + "://", StringComparison.OrdinalIgnoreCase)) // .NET takes /x and c:/x for files, too.
        {
            return Reading.Wrong($"{Quote.Text(DownloadAddress.Redact(text))} is not an address; {RightUrl}");
        }

        if (address.UserInfo.Length > 0)
        {
            // Not quoted: it is a secret.
            return Reading.Wrong("has a user name or password in it, which would be in logs; put what needs one behind a server that does not");
        }

        var usable = address.Scheme switch
        {
            "http" or "https" => address.Host.Length > 0,
            "file" => address.Host.Length == 0 && address.AbsolutePath.Length > 1,
            _ => false,
        };
        return usable && address.Fragment.Length == 0 ? Reading.Of(new DownloadAddress(address)) : Reading.Wrong($"{Quote.Text(DownloadAddress.Redact(text))} cannot be downloaded; {RightUrl}");
    }
}
