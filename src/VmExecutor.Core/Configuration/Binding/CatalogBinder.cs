using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>Binds all images and checks what concerns them together: their names and patterns.</summary>
/// <param name="defaults">What holds where an image says nothing.</param>
/// <param name="shareKnown">Whether <c>limits: max_vms</c> is said, by which the host is divided.</param>
/// <param name="errors">Where errors go.</param>
internal sealed class CatalogBinder(BoundValues defaults, bool shareKnown, ErrorList errors)
{
    private readonly Dictionary<ImageName, Position> _names = [];
    private readonly List<ImageDefinition> _images = [];
    private readonly List<ConfigurationWarning> _warnings = [];
    private readonly List<(ImageDefinition Image, Position At)> _patterns = [];
    private bool _allNamesKnown = true;

    public IReadOnlyList<ImageDefinition> Images => _images;

    public IReadOnlyList<ConfigurationWarning> Warnings => _warnings;

    public void Bind(IEnumerable<ConfigurationText> files)
    {
        SizeRules.CheckAuto(defaults, shareKnown, errors, "defaults.");
        var binder = new ImageBinder(defaults, shareKnown, errors, _warnings);
        foreach (var text in files)
        {
            var bound = YamlReader.Read(text, errors) is { } mapping ? binder.Bind(text.File, mapping) : null;
            if (bound?.Name is { } name)
            {
                Register(name, bound.NameAt);
            }
            else
            {
                _allNamesKnown = false;
            }

            if (bound?.Image is { } image)
            {
                _images.Add(image);
                _patterns.Add((image, bound.PatternsAt));
            }
        }

        _warnings.AddRange(PatternRules.Check(_patterns));
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
