using VmExecutor.Core.Configuration.Binding;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>
/// <c>vm-executor.yaml</c> after its first reading. It is bound in two steps, because it says itself where the images' files are:
/// <see cref="Parse"/>, then read what is in <see cref="ImagesDir"/>, then <see cref="Bind"/>, which reports all errors at once.
/// </summary>
public sealed class SettingsDocument
{
    private readonly AbsolutePath _file;
    private readonly BoundValues _values;
    private readonly IReadOnlyList<ConfigurationError> _errors;

    private SettingsDocument(ConfigurationText source)
    {
        _file = source.File;
        _values = new BoundValues(Position.StartOf(_file));
        var errors = new ErrorList([]);
        if (YamlReader.Read(source, errors) is { } mapping)
        {
            new SectionReader(_file, errors).Read(mapping, Settings.Keys, _values);
            new SectionRules(_values, errors).CheckApplicable(Settings.Keys);
            LimitRules.Check(_values, errors);
            SizeRules.Check(_values, errors, "defaults.");
            ImagesDir = _values.Find("images_dir") is { } written
                ? written.Value as AbsolutePath
                : _file.Parent().Resolve(Settings.DefaultImagesDir);
        }

        _errors = errors.Found;
    }

    /// <summary>The directory whose <c>*.yaml</c> are the images; null: an error keeps it unknown, and <see cref="Bind"/> will say so.</summary>
    public AbsolutePath? ImagesDir { get; }

    /// <summary>Never throws; errors are kept for <see cref="Bind"/>.</summary>
    public static SettingsDocument Parse(ConfigurationText source) => new(source);

    /// <exception cref="ConfigurationException">With every error of every file.</exception>
    public ConfigurationResult Bind(ImageTexts images)
    {
        var errors = new ErrorList(_errors);
        var catalog = new CatalogBinder(_values.Under("defaults"), _values.Find("limits.max_vms") is not null, errors);
        catalog.Check(images.Files);
        if (_values.Find("default_image") is { Value: ImageName wanted } written)
        {
            catalog.CheckDefault(wanted, written.At);
        }

        errors.ThrowIfAny([_file, .. images.Files.Select(text => text.File)]);

        var (bound, warnings) = catalog.Bind();
        return new ConfigurationResult(HostPart() with { Images = bound }, [.. ValueRules.Check(_values), .. WarnOfDirectory(images), .. warnings]);
    }

    /// <summary>
    /// The settings of stages that go on with a job or end it: the places of its files and the connection to libvirt, no images. Errors in
    /// images, limits, log or metrics do not matter here: such a mistake must not keep VMs from being removed. An unknown key matters: it
    /// may be meant to be one of these.
    /// </summary>
    /// <exception cref="ConfigurationException">The file is no YAML mapping, or has errors elsewhere.</exception>
    public Settings BindWithoutImages()
    {
        new ErrorList(_errors.Where(error => Matters(error.Key.Split('.')[0]))).ThrowIfAny([_file]);
        return HostPart();
    }

    private static bool Matters(string key) => key is "state_dir" or "libvirt" || Settings.Keys.Find(key) is null;

    private Settings HostPart() => Settings.Keys.Bind(Settings.Blank with { File = _file }, _values);

    private IEnumerable<ConfigurationWarning> WarnOfDirectory(ImageTexts images)
    {
        if (images.Files.Count == 0)
        {
            var at = _values.Find("images_dir")?.At ?? Position.StartOf(_file);
            yield return new ConfigurationWarning(at.File, at.Line, at.Column, "images_dir", images.DirectoryExists
                ? $"there are no images in {ImagesDir}, so every job will be refused; put a file such as debian-12.yaml there"
                : $"the directory {ImagesDir} does not exist, so there are no images and every job will be refused; "
                    + "create it and put a file such as debian-12.yaml there");
        }

        foreach (var file in images.Ignored)
        {
            yield return new ConfigurationWarning(file.Path, 1, 1, "", $"is not read: {file.Why}");
        }
    }
}
