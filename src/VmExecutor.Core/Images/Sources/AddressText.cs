namespace VmExecutor.Core.Images.Sources;

/// <summary>An address in messages: without what may be a secret in it.</summary>
public static class AddressText
{
    /// <summary>Without user, password and fragment; of a query (which may be a signature) only that there is one.</summary>
    public static string WithoutSecrets(Uri address) =>
        address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) + (address.Query.Length > 1 ? "?…" : "");

    /// <summary>The last part of its path, as a name for people.</summary>
    public static string FileName(Uri address) =>
        address.AbsolutePath.TrimEnd('/') is var path && path.LastIndexOf('/') is var slash && slash + 1 < path.Length ? path[(slash + 1)..] : address.Host;
}
