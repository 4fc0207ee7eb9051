using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images;

/// <summary>The published generations below <c>state_dir/images</c>: looked at, never changed.</summary>
public sealed class Catalogue(AbsolutePath stateDir)
{
    private const string RecordName = "image.json";

    /// <summary>The names that have a directory, also of images that the configuration no longer has.</summary>
    public IReadOnlyList<ImageName> Names() =>
    [
        .. Entries(ImagePaths.All(stateDir)).Select(entry => ImageName.TryParse(entry.Name, out var name) ? name : null).OfType<ImageName>()
            .OrderBy(name => name.Value, StringComparer.Ordinal),
    ];

    /// <summary>All whole generations of an image, the newest first.</summary>
    public IReadOnlyList<Generation> Of(ImageName image)
    {
        var paths = ImagePaths.For(stateDir, image);
        return
        [
            .. Entries(paths.Directory).Select(entry => ImagePaths.NumberOf(entry.Name)).OfType<int>().OrderDescending()
                .Select(number => Read(paths.Generation(number))).OfType<Generation>(),
        ];
    }

    /// <summary>Which generation the pointer names, whether or not it is there; null: there is no pointer.</summary>
    /// <exception cref="HostFileException">The pointer cannot be read: then nothing is known, and nothing must be guessed.</exception>
    public int? CurrentNumber(ImageName image)
    {
        var pointer = ImagePaths.For(stateDir, image).Current;
        try
        {
            return ImagePaths.NumberOf(File.ReadAllText(pointer.Value).Trim());
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{pointer} cannot be read", e);
        }
    }

    /// <summary>The number for the next generation: greater than that of any which is there or which the pointer names.</summary>
    public int NextNumber(ImageName image) => Entries(ImagePaths.For(stateDir, image).Directory)
        .Select(entry => ImagePaths.NumberOf(entry.Name)).OfType<int>()
        .Append(CurrentNumber(image) ?? 0).Max() + 1;

    /// <summary>Null: there is no such generation, or its record is unreadable.</summary>
    public Generation? Find(ImageName image, int number) => Read(ImagePaths.For(stateDir, image).Generation(number));

    /// <summary>What was begun and not finished of making or removing generations.</summary>
    public IReadOnlyList<AbsolutePath> HalfMade(ImageName image) =>
    [
        .. Entries(ImagePaths.For(stateDir, image).Directory).Where(entry =>
            entry.Name.StartsWith(ImagePaths.Making, StringComparison.Ordinal) || entry.Name.StartsWith(ImagePaths.Removing, StringComparison.Ordinal)),
    ];

    internal static AbsolutePath RecordOf(AbsolutePath directory) => directory.Child(RecordName);

    private static Generation? Read(AbsolutePath directory)
    {
        try
        {
            return GenerationRecord.TryParse(File.ReadAllText(RecordOf(directory).Value)) is { } record ? new Generation(directory, record) : null;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }

    private static IReadOnlyList<AbsolutePath> Entries(AbsolutePath directory)
    {
        try
        {
            return
            [
                .. Directory.EnumerateFileSystemEntries(directory.Value)
                    .Select(path => AbsolutePath.TryParse(path, out var parsed) ? parsed : null).OfType<AbsolutePath>(),
            ];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the directory {directory} cannot be listed", e);
        }
    }
}
