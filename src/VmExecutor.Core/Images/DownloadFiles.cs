namespace VmExecutor.Core.Images;

/// <summary>The endings of the names in <see cref="ImagePaths.Download"/>, behind the first digits of the checksum.</summary>
public static class DownloadFiles
{
    /// <summary>The bytes that have come so far; the next attempt goes on with them.</summary>
    public const string Part = ".part";

    /// <summary>The server's name for the version that <see cref="Part"/> is of.</summary>
    public const string PartVersion = ".version";

    /// <summary>The whole file, after its checksum was verified.</summary>
    public const string Whole = ".whole";

    /// <summary>The unpacked disk.</summary>
    public const string Unpacked = ".unpacked";

    /// <summary>A disk that is being unpacked.</summary>
    public const string UnpackedPart = ".unpacked.part";
}
