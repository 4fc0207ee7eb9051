namespace VmExecutor.Core.Guests;

/// <summary>A directory in the guest that jobs write in. It need not be there: the runner makes it.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Use">For the message: <c>where the runner checks projects out</c>.</param>
/// <param name="Key">The key of the image's YAML that names it: <c>builds_dir</c>.</param>
public sealed record GuestPlace(string Path, string Use, string Key)
{
    public const string BuildsKey = "builds_dir";

    public static GuestPlace ForBuilds(string path) => new(path, "where the runner checks projects out", BuildsKey);

    public static GuestPlace ForCache(string path) => new(path, "where the runner keeps caches", "cache_dir");
}
