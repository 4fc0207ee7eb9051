using VmExecutor.Core.Configuration;
using VmExecutor.Core.Images;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Templates;

namespace VmExecutor.Host.Images;

/// <summary>Puts the configuration's images, the published generations and the jobs that use them together.</summary>
public sealed class ImageLister(Settings settings, Catalogue catalogue)
{
    /// <summary>In the order of the configuration, then what only has generations.</summary>
    /// <exception cref="HostFileException">A directory cannot be listed.</exception>
    public IReadOnlyList<ListedImage> List()
    {
        var configured = settings.Images.Select(image => image.Name).ToHashSet();
        return
        [
            .. settings.Images.Select(image => Describe(image.Name, image)),
            .. catalogue.Names().Where(name => !configured.Contains(name)).Select(name => Describe(name, null)).Where(image => image.Generations.Count > 0),
        ];
    }

    private ListedImage Describe(ImageName name, ImageDefinition? definition)
    {
        var use = ImageUse.Of(settings.StateDir, name);
        return new ListedImage
        {
            Name = name,
            Definition = definition,
            Current = catalogue.CurrentNumber(name),
            Generations = [.. catalogue.Of(name).Select(generation => Describe(generation, use[generation.Number].Count()))],
            ClonesOfSource = JobFolder.List(settings.StateDir).Ours.Where(folder => !folder.IsHalf)
                .Select(folder => JobDirectory.Of(settings.StateDir, folder.Key).Read()?.Stamp)
                .Count(stamp => stamp is { Generation: null } && stamp.Image == name.Value),
        };
    }

    private static ListedGeneration Describe(Generation generation, int clones) => new(
        generation,
        clones,
        generation.Record.Files.Where(file => !file.Path.StartsWith('/')).Sum(file => DiskBytes(generation.PathOf(file))),
        GenerationFiles.Damage(generation),
        [.. TemplateCatalogue.Of(generation).Select(Describe)]);

    private static ListedTemplate Describe(Template template) =>
        new(template, template.Record.Files.Sum(file => DiskBytes(template.PathOf(file))), TemplateCatalogue.Damage(template));

    private static long DiskBytes(AbsolutePath path) => FileStat.TryRead(path)?.AllocatedBytes ?? 0;
}
