using System.Text.RegularExpressions;

namespace VmExecutor.Core.Jobs;

/// <summary><c>$NAME</c> and <c>${NAME}</c> in a job's <c>image:</c> and variables, which the job response keeps unexpanded.</summary>
internal static partial class VariableReferences
{
    private const int DeepestNesting = 5;

    /// <summary>Nothing longer names an image. A text and a value of a megabyte each could fill the memory: the text names the value often.</summary>
    private const int Longest = 4096;

    /// <summary>Replaces references by their values, values of values too; an unknown variable is empty, as with the runner.</summary>
    public static string Expand(string text, IReadOnlyDictionary<string, string> variables)
    {
        for (var depth = 0; depth < DeepestNesting && text.Contains('$', StringComparison.Ordinal) && text.Length <= Longest; depth++)
        {
            text = Reference().Replace(text, match => Value(match, variables));
        }

        return text;
    }

    private static string Value(Match match, IReadOnlyDictionary<string, string> variables)
    {
        var value = variables.GetValueOrDefault(match.Groups["name"].Value, string.Empty);
        return value.Length > Longest ? value[..Longest] : value;
    }

    [GeneratedRegex(@"\$(?:\{(?<name>[A-Za-z_][A-Za-z0-9_]*)\}|(?<name>[A-Za-z_][A-Za-z0-9_]*))")]
    private static partial Regex Reference();
}
