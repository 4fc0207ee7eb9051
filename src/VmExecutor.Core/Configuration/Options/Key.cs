using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.Core.Configuration.Options;

/// <summary>One key of a mapping.</summary>
/// <param name="Name">In <c>snake_case</c>.</param>
/// <param name="Kind">The values that it may have.</param>
/// <param name="Doc">The meaning, for the reference and for editors.</param>
/// <param name="Example">A value as it is written in YAML.</param>
internal abstract record Key(string Name, ValueKind Kind, string Doc, string Example)
{
    /// <summary>The default as it would be written in YAML; null: none, or one that <see cref="Otherwise"/> describes.</summary>
    public string? Default => WriteDefault();

    /// <summary>Writes the default when it is asked for: a stage lives for a moment and needs few of them.</summary>
    public Func<string?> WriteDefault { private get; init; } = () => null;

    /// <summary>The behaviour without the key, when that is not simply a value.</summary>
    public string? Otherwise { get; init; }

    public bool Required { get; init; }

    /// <summary>The value that a neighbour must have for this key to have a meaning; null: it always has one.</summary>
    public Condition? OnlyWith { get; init; }
}

/// <summary>A key and the property of the record that its value goes to.</summary>
/// <param name="Name">In <c>snake_case</c>.</param>
/// <param name="Kind">The values that it may have.</param>
/// <param name="Doc">The meaning.</param>
/// <param name="Example">A value as it is written in YAML.</param>
/// <param name="Get">The property.</param>
/// <param name="Bind">The record with the value that stands at the path, if there is one.</param>
/// <typeparam name="T">The record.</typeparam>
internal sealed record Key<T>(string Name, ValueKind Kind, string Doc, string Example, Func<T, object?> Get, Func<T, BoundValues, string, T> Bind)
    : Key(Name, Kind, Doc, Example);

/// <summary>The condition that a neighbouring key has one of these values; none given: any value.</summary>
internal sealed record Condition(string Key, params IReadOnlyList<string> Values)
{
    /// <summary><c>'source: file' or 'source: url'</c>.</summary>
    public string Written => Quote.AnyOf([.. Values.Select(value => $"'{Key}: {value}'")]);

    /// <summary>The neighbour's value, else its default; null: it is missing without a default, or wrong.</summary>
    public string? Actual(Section section, BoundValues values, string prefix) => values.Find(prefix + Key) switch
    {
        null => section.Find(Key)?.Default,
        { Value: null } => null,
        var found => found.Text,
    };

    public bool IsMet(Section section, BoundValues values, string prefix) => Values.Count == 0
        ? values.Find(prefix + Key)?.Value is not null
        : Actual(section, values, prefix) is { } actual && Values.Contains(actual);
}
