using System.Text.RegularExpressions;

namespace VmExecutor.Core.Jobs;

/// <summary><c>$NAME</c> and <c>${NAME}</c> in a job's <c>image:</c>, which the job response keeps unexpanded.</summary>
internal static partial class VariableReferences
{
    private const int DeepestNesting = 5;

    /// <summary>Replaces references by their values, values of values too; an unknown variable is empty, as with the runner.</summary>
    public static string Expand(string text, IReadOnlyDictionary<string, string> variables)
    {
        for (var depth = 0; depth < DeepestNesting && text.Contains('$', StringComparison.Ordinal) && text.Length <= 4096; depth++)
        {
            text = Reference().Replace(text, match => variables.GetValueOrDefault(match.Groups["name"].Value, string.Empty));
        }

        return text;
    }

    [GeneratedRegex(@"\$(?:\{(?<name>[A-Za-z_][A-Za-z0-9_]*)\}|(?<name>[A-Za-z_][A-Za-z0-9_]*))")]
    private static partial Regex Reference();
}
