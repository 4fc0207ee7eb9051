using Tomlyn;
using Tomlyn.Model;
using VmExecutor.Core.Health.Runner;

namespace VmExecutor.Core.Registration;

/// <summary>Checks the meaning of an edited config.toml: it has everything that it had before, and the keys that were to be set.</summary>
internal static class TomlProof
{
    /// <param name="before">The document as it was.</param>
    /// <param name="after">The document as it is to be.</param>
    /// <param name="runner">Which of the runners was changed; one past the last: it is new.</param>
    /// <param name="keys">The keys that were set in it.</param>
    public static bool Holds(string before, string after, int runner, IEnumerable<RunnerKey> keys)
    {
        if (TryRead(before) is not Dictionary<string, object?> expected || TryRead(after) is not { } found)
        {
            return false;
        }

        var name = NameOf(expected, "runners");
        var runners = expected.TryGetValue(name, out var there) && there is List<object?> list ? list : [];
        expected[name] = runners;
        if (runner == runners.Count)
        {
            runners.Add(new Dictionary<string, object?>());
        }

        return runners[runner] is Dictionary<string, object?> table && keys.All(key => Set(table, key)) && Same(expected, found);
    }

    /// <summary>True when two texts of values mean the same.</summary>
    public static bool SameValue(string one, string other) => TryRead($"value = {one}") is { } read && Same(read, TryRead($"value = {other}"));

    private static bool Set(Dictionary<string, object?> runner, RunnerKey key)
    {
        var table = runner;
        foreach (var name in key.Table)
        {
            var known = NameOf(table, name);
            if (!table.TryGetValue(known, out var below))
            {
                table[known] = below = new Dictionary<string, object?>();
            }

            if (below is not Dictionary<string, object?> next)
            {
                return false;
            }

            table = next;
        }

        table[NameOf(table, key.Name)] = TryRead($"value = {key.Value}") is Dictionary<string, object?> read ? read["value"] : null;
        return true;
    }

    /// <summary>The key as it is written there.</summary>
    private static string NameOf(Dictionary<string, object?> table, string name) =>
        table.ContainsKey(name) ? name : table.Keys.FirstOrDefault(key => key.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? name;

    private static object? TryRead(string text)
    {
        try
        {
            return Plain(TomlSerializer.Deserialize(text, RunnerTomlContext.Default.TomlTable) ?? []);
        }
        catch (TomlException)
        {
            return null;
        }
    }

    /// <summary>The two ways to write an array of tables mean the same.</summary>
    private static object? Plain(object? value) => value switch
    {
        TomlTable table => table.ToDictionary(pair => pair.Key, pair => Plain(pair.Value)),
        TomlTableArray tables => tables.Select(Plain).ToList(),
        TomlArray array => array.Select(Plain).ToList(),
        _ => value,
    };

    private static bool Same(object? one, object? other) => (one, other) switch
    {
        (Dictionary<string, object?> a, Dictionary<string, object?> b) => a.Count == b.Count && a.All(pair => b.TryGetValue(pair.Key, out var value) && Same(pair.Value, value)),
        (List<object?> a, List<object?> b) => a.Count == b.Count && a.Zip(b).All(pair => Same(pair.First, pair.Second)),
        _ => Equals(one, other),
    };
}
