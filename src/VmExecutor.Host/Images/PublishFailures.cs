using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images;

/// <summary>Keeps for each image whether its last publishing failed, for the metrics.</summary>
public sealed class PublishFailures(AbsolutePath stateDir)
{
    private const UnixFileMode ForEverybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Null: the last publishing of the image succeeded, or there was none.</summary>
    public PublishFailure? Read(ImageName image) => HostFile.TryReadAllText(FileOf(image).Value) is { } text ? PublishFailure.TryParse(text) : null;

    /// <exception cref="HostFileException">The file system refused.</exception>
    public void Note(ImageName image, PublishFailure failure)
    {
        StateDirectories.Make(ImagePaths.For(stateDir, image).Directory);
        AtomicFile.Write(FileOf(image), failure.ToJson(), ForEverybody);
    }

    /// <exception cref="HostFileException">The file system refused.</exception>
    public void Clear(ImageName image) => HostFile.Delete(FileOf(image).Value);

    private AbsolutePath FileOf(ImageName image) => ImagePaths.For(stateDir, image).PublishFailure;
}
