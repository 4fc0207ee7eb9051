using System.Text.RegularExpressions;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding;

/// <summary>Warns of values that are possible and most likely not meant: spaces at the ends, which are hard to see, and what a shell would expand.</summary>
internal static partial class ValueRules
{
    /// <summary>Every value that stands in this mapping itself; spaces in a kernel's command line do no harm.</summary>
    public static IEnumerable<ConfigurationWarning> Check(BoundValues values) => values.Own
        .Where(own => own.Key.Split('.')[^1] != "cmdline")
        .SelectMany(own => Troubles(own.Value.Value).Distinct().Select(trouble => new ConfigurationWarning(own.Value.At.File, own.Value.At.Line, own.Value.At.Column, own.Key, trouble)));

    private static IEnumerable<string> Troubles(object? value) => value switch
    {
        AbsolutePath path => OfPath(path.Value),
        string text => OfText(text),
        IReadOnlyList<object> list => list.SelectMany(Troubles),
        _ => [],
    };

    private static IEnumerable<string> OfPath(string path)
    {
        foreach (var trouble in path.Split('/').Prepend(path).Where(part => part.Trim().Length > 0).SelectMany(OfText).Take(1))
        {
            yield return trouble;
        }

        if (Expandable().Match(path) is { Success: true } found)
        {
            yield return $"{Quote.Text(found.Value)} in {Quote.Text(path)} is not expanded as a shell would; write the whole path";
        }
    }

    private static IEnumerable<string> OfText(string text)
    {
        if (text.Length > 0 && (char.IsWhiteSpace(text[0]) || char.IsWhiteSpace(text[^1])))
        {
            yield return $"{Quote.Text(text)} {(char.IsWhiteSpace(text[^1]) ? "ends" : "begins")} with a space, which is taken as a part of it; remove the space if it is not meant";
        }
    }

    /// <summary>A variable, a command, or a home directory.</summary>
    [GeneratedRegex(@"\$[A-Za-z_][A-Za-z0-9_]*|\$\{[^}]*\}|\$\([^)]*\)|(?<=/)~[a-z0-9_-]*(?=/|$)|%[A-Z]+%")]
    private static partial Regex Expandable();
}
