namespace VmExecutor.Core.Configuration.Binding;

/// <summary>A value that was found, as it was written, and where. A null value was wrong, which has been reported.</summary>
internal sealed record BoundValue(object? Value, string Text, Position KeyAt, Position At);

/// <summary>The values of one mapping and the mappings in it, by the path of their keys (<c>ssh.user</c>).</summary>
/// <param name="start">Where the mapping begins.</param>
/// <param name="defaults">What holds for keys that are not here, key by key.</param>
internal sealed class BoundValues(Position start, BoundValues? defaults = null)
{
    private readonly Dictionary<string, BoundValue> _own = new(StringComparer.Ordinal);

    public Position Start { get; } = start;

    /// <summary>The values that stand in this mapping, in its order.</summary>
    public IEnumerable<KeyValuePair<string, BoundValue>> Own => _own;

    public void Add(string path, BoundValue value) => _own[path] = value;

    public BoundValue? FindOwn(string path) => _own.GetValueOrDefault(path);

    public BoundValue? Find(string path) => FindOwn(path) ?? defaults?.Find(path);

    public T Get<T>(string path, T otherwise) => Find(path)?.Value is T value ? value : otherwise;

    /// <summary>The values of a mapping in this one, by their path within it.</summary>
    public BoundValues Under(string section)
    {
        var prefix = section + ".";
        var under = new BoundValues(FindOwn(section)?.At ?? Start);
        foreach (var (path, value) in _own.Where(own => own.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            under.Add(path[prefix.Length..], value);
        }

        return under;
    }

    /// <summary>The nearest mapping around the key, whether or not the key is there.</summary>
    public Position Around(string path)
    {
        var dot = path.LastIndexOf('.');
        return dot > 0 && FindOwn(path[..dot]) is { } section ? section.KeyAt : Start;
    }
}
