using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>Where a disk is downloaded from.</summary>
internal sealed record UrlKind() : ScalarKind("address, http, https or file")
{
    private const int Longest = 2000;
    private const string Right = "write for example https://example.com/disk.qcow2 or file:///srv/disk.qcow2";

    public override Reading Read(ScalarText scalar)
    {
        var text = scalar.Text;
        if (text.Length > Longest || PlainText.OneLine(text, text.Length) != text || text.Contains(' ', StringComparison.Ordinal)
            || !Uri.TryCreate(text, UriKind.Absolute, out var address)
            || !text.StartsWith(address.Scheme + "://", StringComparison.OrdinalIgnoreCase)) // .NET takes /x and c:/x for files, too.
        {
            return Reading.Wrong($"{Quote.Text(DownloadAddress.Redact(text))} is not an address; {Right}");
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
        return usable && address.Fragment.Length == 0 ? Reading.Of(new DownloadAddress(address)) : Reading.Wrong($"{Quote.Text(DownloadAddress.Redact(text))} cannot be downloaded; {Right}");
    }
}
