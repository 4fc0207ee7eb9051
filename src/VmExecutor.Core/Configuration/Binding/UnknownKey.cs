using VmExecutor.Core.Configuration.Options;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>Explains a key that a mapping does not have.</summary>
internal static class UnknownKey
{
    /// <summary>The right place for it, the key that was meant, or all there are.</summary>
    public static string Explain(Section section, string name)
    {
        var names = section.Keys.Select(key => key.Name).ToList();
        var inner = section.Keys.Where(key => key.Kind is Section child && child.Find(name) is not null).ToList();
        if (inner.Count == 1)
        {
            return $"is unknown here; it belongs under '{inner[0].Name}:', indented";
        }

        if (section.BelongsTo(name) is { } place)
        {
            return $"is unknown here; it belongs {place}";
        }

        return Suggestion.For(name, names) is { } meant
            ? $"is unknown; did you mean '{meant}'?"
            : $"is unknown; known here: {string.Join(", ", names)}";
    }
}
