using VmExecutor.Core.Configuration.Binding.Kinds;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>
/// The keys of one mapping, said once: the reader knows them from here, and so do the JSON schemas in <c>config/</c> and the
/// tables of <c>config/README.md</c>.
/// </summary>
internal sealed record Section(IReadOnlyList<Key> Keys) : ValueKind("mapping")
{
    /// <summary>Where a key belongs that is unknown here but known elsewhere, as a sentence's end; null: nowhere.</summary>
    public Func<string, string?> BelongsTo { get; init; } = _ => null;

    public Key? Find(string name) => Keys.FirstOrDefault(key => key.Name == name);
}

/// <summary>One key of a mapping.</summary>
/// <param name="Name">In <c>snake_case</c>.</param>
/// <param name="Kind">What its value may be.</param>
/// <param name="Doc">What it means, for the reference and for editors.</param>
/// <param name="Example">A value as it is written in YAML.</param>
internal sealed record Key(string Name, ValueKind Kind, string Doc, string Example = "")
{
    /// <summary>The default as it would be written in YAML; null: none, or one that <see cref="Otherwise"/> describes.</summary>
    public string? Default { get; init; }

    /// <summary>What holds without the key when that is not simply a value.</summary>
    public string? Otherwise { get; init; }

    public bool Required { get; init; }

    /// <summary>What a neighbour must say for this key to have a meaning; null: it always has.</summary>
    public Condition? OnlyWith { get; init; }
}

/// <summary>That a neighbouring key has one of these values; none said: any value.</summary>
internal sealed record Condition(string Key, params IReadOnlyList<string> Values)
{
    /// <summary><c>'source: file' or 'source: url'</c>.</summary>
    public string Written => Quote.AnyOf([.. Values.Select(value => $"'{Key}: {value}'")]);
}
