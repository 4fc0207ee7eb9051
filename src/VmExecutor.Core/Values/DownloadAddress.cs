using System.Text.RegularExpressions;

namespace VmExecutor.Core.Values;

/// <summary>
/// The address of a disk to download. An address can be a secret: user and password, a signature in the query, a token in the path. So
/// its text, wherever it is printed or kept, is without them; the whole is given to the request and to nothing else.
/// </summary>
public sealed partial record DownloadAddress
{
    private const string Left = "…";
    private readonly Uri _whole;

    /// <param name="whole">http, https or file.</param>
    public DownloadAddress(Uri whole) => _whole = whole;

    public bool IsFile => _whole.IsFile;

    /// <summary>The last part of its path, as a name for people and for the kind of file it is; the host where that is a token.</summary>
    public string FileName => _whole.AbsolutePath.TrimEnd('/') is var path && path[(path.LastIndexOf('/') + 1)..] is { Length: > 0 } name && !IsToken(name) ? name : _whole.Host;

    /// <summary>Without tokens.</summary>
    public string Path => Redact(_whole.AbsolutePath);

    /// <summary>The file that a <c>file://</c> address means.</summary>
    public string LocalPath() => IsFile ? _whole.LocalPath : throw new InvalidOperationException($"{this} is not a file");

    /// <summary>The whole address, secrets included: for the request only.</summary>
    public Uri ForRequest() => _whole;

    /// <summary>Without secrets.</summary>
    public override string ToString() => Redact(_whole.OriginalString.Contains("://", StringComparison.Ordinal) ? _whole.AbsoluteUri : _whole.ToString());

    /// <summary>The same for a text that means to be an address: also one that is wrong, for the message that says so.</summary>
    public static string Redact(string text)
    {
        var end = text.IndexOfAny(['?', '#']);
        var bare = UserInfo().Replace(end < 0 ? text : text[..end], "${scheme}");
        var path = string.Join('/', bare.Split('/').Select(part => IsToken(part) ? Left : part));
        return end < 0 ? path : $"{path}{text[end]}{Left}";
    }

    /// <summary>Long and without words in it, as no version and no name is: what random bytes look like in hexadecimal, base64, as a UUID or a JWT.</summary>
    private static bool IsToken(string part) =>
        Uuid().IsMatch(part) || JsonWebToken().IsMatch(part)
        || LongRun().Matches(part).Any(run => run.Value.Any(char.IsAsciiDigit) && run.Value.Any(char.IsAsciiLetter))
        || (part.Length >= 32 && !part.Contains('.', StringComparison.Ordinal) && part.Any(char.IsAsciiDigit) && part.Any(char.IsAsciiLetterLower) && part.Any(char.IsAsciiLetterUpper));

    [GeneratedRegex(@"\A(?<scheme>[A-Za-z][A-Za-z0-9+.-]*:/*)[^/]*@")]
    private static partial Regex UserInfo();

    [GeneratedRegex(@"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")]
    private static partial Regex Uuid();

    [GeneratedRegex(@"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")]
    private static partial Regex JsonWebToken();

    [GeneratedRegex("[A-Za-z0-9]{20,}")]
    private static partial Regex LongRun();
}
