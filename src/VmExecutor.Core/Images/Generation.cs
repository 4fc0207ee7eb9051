using VmExecutor.Core.Clones;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Images;

/// <summary>A frozen version of an image, as it lies on the host.</summary>
/// <param name="Directory"><c>state_dir/images/NAME/NUMBER</c>.</param>
/// <param name="Record">Its image.json.</param>
public sealed record Generation(AbsolutePath Directory, GenerationRecord Record)
{
    public const string RecordName = "image.json";
    public const string DomainName = "domain.xml";

    /// <summary>The manifest as which it was pushed or pulled, and the record that the manifest names.</summary>
    public const string ManifestName = "manifest.json";
    public const string ArtifactName = "artifact.json";

    /// <summary>The ending of a copied disk's file name, behind the disk's target.</summary>
    public const string DiskEnding = ".disk";

    /// <summary>No disk and no other file of a machine may have one of these names.</summary>
    public static readonly IReadOnlyList<string> OwnNames = [RecordName, DomainName, ManifestName, ArtifactName];

    public int Number => Record.Number;

    /// <summary>Its domain XML, in which files are named by their role.</summary>
    public AbsolutePath Domain => Directory.Child(DomainName);

    /// <summary>
    /// The backing chain of a disk that was copied into one file, as publishing has recorded it; null: there is none of this target, or
    /// the disk must be looked at.
    /// </summary>
    public BackingChain? ChainOf(string target) =>
        Record.Files.FirstOrDefault(file => file.Role == target) is { Format: { } format, VirtualBytes: { } size } file
            ? new BackingChain([new BackingFile(PathOf(file), format, IsBlockDevice: false)], new ByteSize(size))
            : null;

    /// <summary>The path of one of its files: in its directory, or the original place where it was published in place.</summary>
    public AbsolutePath PathOf(GenerationFile file) => Directory.Resolve(file.Path);
}
