using System.Text;

namespace VmExecutor.GitlabCi;

/// <summary>
/// The runner's own expansion, which is Go's os.Expand (its common/variables.go): <c>$$</c> is a dollar, <c>$1</c>, <c>$*</c> and their like are empty,
/// in <c>${…}</c> all up to the brace is the name, so <c>${X:-y}</c> is empty, and an unknown name is empty.
/// </summary>
internal static class RunnerExpansion
{
    private const string Special = "*#$@!?-0123456789";

    public static string Expand(string text, IReadOnlyDictionary<string, string> values)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
        {
            return text;
        }

        var result = new StringBuilder();
        for (var i = 0; i < text.Length && result.Length < CiExpansion.Longest; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            var (name, length) = Name(text.AsSpan(i + 1));
            if (name.Length > 0)
            {
                result.Append(name == "$" ? "$" : values.GetValueOrDefault(name, ""));
            }
            else if (length == 0)
            {
                result.Append('$');
            }

            i += length;
        }

        return result.Length > CiExpansion.Longest ? result.ToString(0, CiExpansion.Longest) : result.ToString();
    }

    /// <summary>The name behind the dollar and how many characters it takes; no name with a length is broken and left out.</summary>
    private static (string Name, int Length) Name(ReadOnlySpan<char> text)
    {
        if (text[0] == '{')
        {
            var end = text.IndexOf('}');
            return end < 0 ? ("", 1) : (text[1..end].ToString(), end + 1);
        }

        if (Special.Contains(text[0], StringComparison.Ordinal))
        {
            return (text[..1].ToString(), 1);
        }

        var length = text.IndexOfAnyExcept(NameCharacters);
        length = length < 0 ? text.Length : length;
        return (text[..length].ToString(), length);
    }

    private static readonly System.Buffers.SearchValues<char> NameCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
}
