using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>Checks the files of all images, also against each other, and then binds them.</summary>
/// <param name="defaults">What holds where an image says nothing.</param>
/// <param name="shareKnown">Whether <c>limits: max_vms</c> is said, by which the host is divided.</param>
/// <param name="errors">Takes the errors.</param>
internal sealed class CatalogBinder(BoundValues defaults, bool shareKnown, ErrorList errors)
{
    private readonly Dictionary<ImageName, Position> _names = [];
    private readonly List<CheckedImage> _checked = [];
    private bool _allNamesKnown = true;

    /// <summary>Reports every error of the files.</summary>
    public void Check(IEnumerable<ConfigurationText> files)
    {
        SizeRules.CheckAuto(defaults, shareKnown, errors, "defaults.");
        var binder = new ImageBinder(defaults, shareKnown, errors);
        foreach (var text in files)
        {
            var image = YamlReader.Read(text, errors) is { } mapping ? binder.Check(text.File, mapping) : null;
            if (image is not null)
            {
                _checked.Add(image);
            }

            if (image?.Name is { } name)
            {
                Register(name, image.NameAt);
            }
            else
            {
                _allNamesKnown = false;
            }
        }
    }

    /// <summary>The images of the files, once <see cref="Check"/> has found no error in them.</summary>
    public (IReadOnlyList<ImageDefinition> Images, IReadOnlyList<ConfigurationWarning> Warnings) Bind()
    {
        var images = _checked.ConvertAll(ImageBinder.Bind);
        return (images,
        [
            .. images.Zip(_checked, (image, file) => ImageBinder.Warnings(image, file.Values)).SelectMany(warnings => warnings),
            .. PatternRules.Check([.. images.Zip(_checked, (image, file) => (image, file.PatternsAt))]),
        ]);
    }

    /// <summary>Reports a default image that does not exist, unless an unreadable file might be the one.</summary>
    public void CheckDefault(ImageName wanted, Position at)
    {
        if (!_allNamesKnown || _names.ContainsKey(wanted))
        {
            return;
        }

        var names = _names.Keys.Select(name => name.Value).Order(StringComparer.Ordinal).ToList();
        var right = (names.Count, Suggestion.For(wanted.Value, names)) switch
        {
            (0, _) => "there are no images at all",
            (_, { } meant) => $"did you mean '{meant}'?",
            _ => $"there are {string.Join(", ", names)}",
        };
        errors.Add(at, "default_image", $"no image is called '{wanted}'; {right}");
    }

    private void Register(ImageName name, Position at)
    {
        if (!_names.TryAdd(name, at))
        {
            errors.Add(at, "name", $"'{name}' is already the name of the image in {_names[name]}; give each image a name of its own");
        }
    }
}
