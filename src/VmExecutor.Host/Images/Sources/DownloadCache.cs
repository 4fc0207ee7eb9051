using VmExecutor.Core.Images;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Images.Sources;

/// <summary>The names of a download's files in its image's directory: by checksum, since the same address may have new content tomorrow.</summary>
internal sealed record DownloadCache(AbsolutePath Directory, Checksum Checksum)
{
    private string Name => Checksum.Hex[..16];

    /// <summary>The bytes that have come so far; the next attempt goes on with them.</summary>
    public AbsolutePath Part => Directory.Child(Name + DownloadFiles.Part);

    /// <summary>The server's name for the version that <see cref="Part"/> is of.</summary>
    public AbsolutePath PartVersion => Directory.Child(Name + DownloadFiles.PartVersion);

    /// <summary>The whole file, as it was verified.</summary>
    public AbsolutePath Whole => Directory.Child(Name + DownloadFiles.Whole);

    /// <summary>The disk that was packed in it.</summary>
    public AbsolutePath Unpacked => Directory.Child(Name + DownloadFiles.Unpacked);

    /// <summary>The disk that is being unpacked.</summary>
    public AbsolutePath UnpackedPart => Directory.Child(Name + DownloadFiles.UnpackedPart);
}
