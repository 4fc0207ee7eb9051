using VmExecutor.Core.Failures;
using VmExecutor.Core.Images;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Images;

/// <summary>The published generations below <c>state_dir/images</c>: looked at, never changed.</summary>
public sealed class Catalogue(AbsolutePath stateDir)
{
    /// <summary>The names that have a directory, also of images that the configuration no longer has.</summary>
    public IReadOnlyList<ImageName> Names() =>
    [
        .. Entries(ImagePaths.All(stateDir)).Select(entry => ImageName.TryParse(entry.Name, out var name) ? name : null).OfType<ImageName>()
            .OrderBy(name => name.Value, StringComparer.Ordinal),
    ];

    /// <summary>All whole generations of an image, the newest first.</summary>
    public IReadOnlyList<Generation> Of(ImageName image) => [.. Numbers(image).Select(number => Find(image, number)).OfType<Generation>()];

    /// <summary>The numbers of all generations that have a directory, whatever is in it; the newest first.</summary>
    public IReadOnlyList<int> Numbers(ImageName image) =>
        [.. Entries(ImagePaths.For(stateDir, image).Directory).Select(entry => ImagePaths.NumberOf(entry.Name)).OfType<int>().OrderDescending()];

    /// <summary>The number of the generation that the pointer names, whether or not it is there; null: there is no pointer.</summary>
    /// <exception cref="SystemFailureException">The pointer is damaged or cannot be read: then nothing is known, and nothing must be guessed.</exception>
    public int? CurrentNumber(ImageName image) => ReadPointer(image) is not { } text
        ? null
        : ImagePaths.NumberOf(text) ?? throw new SystemFailureException(
            ErrorCodes.GenerationDamaged,
            $"{ImagePaths.For(stateDir, image).Current} does not name a generation of image '{image}'",
            $"As the runner's user: vm-executor image publish {image}; or choose a generation: vm-executor image rollback {image} --to GENERATION");

    /// <summary>The number for the next generation: greater than that of any which is there or which the pointer names.</summary>
    public int NextNumber(ImageName image) => Numbers(image).Append(ImagePaths.NumberOf(ReadPointer(image) ?? "") ?? 0).Max() + 1;

    /// <summary>Null: there is no such generation, or its record is unreadable or another one's.</summary>
    public Generation? Find(ImageName image, int number)
    {
        var directory = ImagePaths.For(stateDir, image).Generation(number);
        try
        {
            return GenerationRecord.TryParse(HostFile.ReadAllText(RecordOf(directory).Value)) is { } record && record.Number == number
                ? new Generation(directory, record)
                : null;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }

    /// <summary>The images that have half-made parts.</summary>
    public IReadOnlyList<ImageName> NamesOfHalfMade() =>
    [
        .. Names().Concat(Entries(ImagePaths.All(stateDir)).Select(entry => ImagePaths.GoneImage(entry.Name)).OfType<ImageName>())
            .Distinct().Where(image => HalfMade(image).Count > 0),
    ];

    /// <summary>The half-made and half-removed generations, templates and images of a name.</summary>
    public IReadOnlyList<AbsolutePath> HalfMade(ImageName image) =>
    [
        .. Entries(ImagePaths.For(stateDir, image).Directory).Where(IsHalfMade),
        .. Entries(ImagePaths.All(stateDir)).Where(entry => ImagePaths.GoneImage(entry.Name) == image),
        .. Numbers(image).SelectMany(number => Entries(ImagePaths.For(stateDir, image).Generation(number).Child(ImagePaths.TemplatesName))).Where(IsHalfMade),
    ];

    internal static AbsolutePath RecordOf(AbsolutePath directory) => directory.Child(Generation.RecordName);

    private static bool IsHalfMade(AbsolutePath entry) =>
        HalfMadeName.IsOne(entry.Name);

    private string? ReadPointer(ImageName image)
    {
        var pointer = ImagePaths.For(stateDir, image).Current;
        try
        {
            return HostFile.ReadAllText(pointer.Value).Trim();
        }
        catch (HostFileException e) when (e.IsMissing)
        {
            return null;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{pointer} cannot be read", e);
        }
    }

    private static IReadOnlyList<AbsolutePath> Entries(AbsolutePath directory)
    {
        try
        {
            return
            [
                .. HostDirectory.List(directory).Select(entry => entry.Path).OfType<AbsolutePath>(),
            ];
        }
        catch (HostFileException gone) when (gone.IsMissing)
        {
            return [];
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the directory {directory} cannot be listed", e);
        }
    }
}
