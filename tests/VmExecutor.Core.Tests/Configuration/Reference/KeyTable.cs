using System.Text;
using VmExecutor.Core.Configuration.Options;

namespace VmExecutor.Core.Tests.Configuration.Reference;

/// <summary>A table of keys as Markdown.</summary>
internal static class KeyTable
{
    public static string Of(IEnumerable<Key> keys)
    {
        var table = new StringBuilder("| key | type | default | meaning | example |\n|---|---|---|---|---|\n");
        Append(table, keys, "");
        return table.ToString();
    }

    private static void Append(StringBuilder table, IEnumerable<Key> keys, string prefix)
    {
        foreach (var key in keys)
        {
            if (key.Kind is Section inner)
            {
                Append(table, inner.Keys, $"{prefix}{key.Name}.");
            }
            else
            {
                table.Append($"| `{prefix}{key.Name}` | {key.Kind.Type} | {Default(key)} | {key.Doc}{Only(key)} | `{Example(key)}` |\n");
                if (key.Kind is ListOfKind { Item: var item })
                {
                    Append(table, item.Keys, $"{prefix}{key.Name}[].");
                }
            }
        }
    }

    private static string Default(Key key) => key switch
    {
        { Required: true } => "**required**",
        { Default: { } literal } => $"`{literal}`",
        _ => key.Otherwise ?? throw new InvalidOperationException($"'{key.Name}' says nothing about its default"),
    };

    private static string Only(Key key) => key.OnlyWith switch
    {
        null => "",
        { Values.Count: 0 } condition => $" Only together with `{condition.Key}`.",
        var condition => $" Only with {condition.Written.Replace('\'', '`')}.",
    };

    // A host key would make the table unreadable.
    private static string Example(Key key) =>
        $"{key.Name}: {(key.Example.Length <= 48 ? key.Example : key.Example[..30] + "…")}";
}
