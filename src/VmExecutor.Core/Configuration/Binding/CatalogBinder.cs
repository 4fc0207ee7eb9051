using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>Binds all images and checks what concerns them together: their names.</summary>
internal sealed class CatalogBinder(BoundValues defaults, ErrorList errors)
{
    private readonly Dictionary<ImageName, Position> _names = [];
    private readonly List<ImageDefinition> _images = [];
    private readonly List<ConfigurationWarning> _warnings = [];
    private bool _allNamesKnown = true;

    public IReadOnlyList<ImageDefinition> Images => _images;

    public IReadOnlyList<ConfigurationWarning> Warnings => _warnings;

    public void Bind(IEnumerable<ConfigurationText> files)
    {
        var binder = new ImageBinder(defaults, errors, _warnings);
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
            }
        }
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
