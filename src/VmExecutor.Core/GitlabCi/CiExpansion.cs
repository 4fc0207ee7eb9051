using System.Text;

namespace VmExecutor.Core.GitlabCi;

/// <summary>
/// References in variables' values: <c>$NAME</c>, <c>${NAME}</c>, and <c>$$</c> for a dollar. GitLab puts in the values of other variables, however deep,
/// and the runner makes unknown ones empty (https://docs.gitlab.com/ci/variables/where_variables_can_be_used/).
/// </summary>
public static class CiExpansion
{
    /// <summary>More than any variable has; a value that names another often, and so on, would fill the memory.</summary>
    private const int Longest = 1 << 20;

    /// <summary>All with their values; of two with one name the last counts.</summary>
    public static IReadOnlyList<CiVariable> Expand(IEnumerable<CiVariable> variables)
    {
        var known = new Dictionary<string, CiVariable>(StringComparer.Ordinal);
        foreach (var variable in variables)
        {
            known[variable.Name] = variable;
        }

        var done = new Dictionary<string, string>(StringComparer.Ordinal);
        return [.. known.Values.Select(variable => variable with { Value = Value(variable, known, done, []) })];
    }

    /// <summary>A text with the values of variables that are expanded already.</summary>
    public static string Expand(string text, IReadOnlyDictionary<string, string> values) => Replace(text, name => values.GetValueOrDefault(name, ""));

    private static string Value(CiVariable variable, Dictionary<string, CiVariable> known, Dictionary<string, string> done, IReadOnlyList<string> within)
    {
        if (variable.Raw)
        {
            return variable.Value;
        }

        if (!done.TryGetValue(variable.Name, out var value))
        {
            IReadOnlyList<string> further = [.. within, variable.Name];
            value = Replace(variable.Value, name => !known.TryGetValue(name, out var other) ? ""
                : further.Contains(name) ? other.Value // Itself, or a circle: as it is written, as with the runner.
                : Value(other, known, done, further));
            if (within.Count == 0)
            {
                done[variable.Name] = value;
            }
        }

        return value;
    }

    /// <summary>As Go's os.Expand, by which the runner does it.</summary>
    private static string Replace(string text, Func<string, string> value)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
        {
            return text;
        }

        var result = new StringBuilder();
        for (var i = 0; i < text.Length && result.Length < Longest; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            var rest = text.AsSpan(i + 1);
            var braced = rest[0] == '{';
            var name = Name(braced ? rest[1..] : rest);
            if (rest[0] == '$')
            {
                result.Append('$');
                i++;
            }
            else if (name.Length > 0 && (!braced || rest.Length > name.Length + 1 && rest[name.Length + 1] == '}'))
            {
                result.Append(value(name.ToString()));
                i += name.Length + (braced ? 2 : 0);
            }
            else
            {
                result.Append('$');
            }
        }

        return result.Length > Longest ? result.ToString(0, Longest) : result.ToString();
    }

    private static ReadOnlySpan<char> Name(ReadOnlySpan<char> text)
    {
        var length = 0;
        while (length < text.Length && (text[length] == '_' || char.IsAsciiLetter(text[length]) || (length > 0 && char.IsAsciiDigit(text[length]))))
        {
            length++;
        }

        return text[..length];
    }
}
