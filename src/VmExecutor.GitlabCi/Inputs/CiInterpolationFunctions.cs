using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.GitlabCi.Inputs;

/// <summary>The functions of <c>$[[ inputs.NAME | function ]]</c> (https://docs.gitlab.com/ci/inputs/#specify-functions-to-manipulate-input-values).</summary>
/// <param name="variables">What <c>expand_vars</c> knows.</param>
internal sealed partial class CiInterpolationFunctions(IReadOnlyDictionary<string, string> variables)
{
    /// <summary>The function's result, or what is wrong.</summary>
    public (CiNode? Result, string? Problem) Apply(string expression, CiNode input)
    {
        var (name, apply) = Find(expression);
        if (apply is null)
        {
            return (null, $"no function matching {Quote.Text(expression)}: check that the function name, arguments, and types are correct");
        }

        return input is CiScalar { IsText: true } text ? (apply(text), null) : (null, $"invalid input type: {name} can only be used with string inputs");
    }

    private (string Name, Func<CiScalar, CiNode>? Apply) Find(string expression)
    {
        if (Truncate().Match(expression) is { Success: true } cut)
        {
            return ("truncate", text => CiScalar.OfText(text.At, Part(text.Text, cut.Groups["offset"].Value, cut.Groups["length"].Value)));
        }

        if (Split().Match(expression) is { Success: true } split)
        {
            return ("split", text => new CiList(
                text.At,
                [.. text.Text.Split(split.Groups["separator"].Value, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(part => CiScalar.OfText(text.At, part))]));
        }

        return expression switch
        {
            "expand_vars" => ("expand_vars", text => CiScalar.OfText(text.At, CiExpansion.ExpandKnown(text.Text, variables))),
            "posix_escape" or "posix_quote" => (expression, text => CiScalar.OfText(text.At, PosixEscape(text.Text))),
            _ => (expression, null),
        };
    }

    /// <summary>Characters, and none beyond the end.</summary>
    private static string Part(string text, string offset, string length)
    {
        var characters = new StringInfo(text);
        var from = int.TryParse(offset, CultureInfo.InvariantCulture, out var start) ? Math.Min(start, characters.LengthInTextElements) : characters.LengthInTextElements;
        var count = int.TryParse(length, CultureInfo.InvariantCulture, out var wanted) ? wanted : int.MaxValue;
        return characters.SubstringByTextElements(from, Math.Min(count, characters.LengthInTextElements - from));
    }

    /// <summary>As Ruby's Shellwords.shellescape.</summary>
    private static string PosixEscape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value == '\n')
            {
                escaped.Append("'\n'");
                continue;
            }

            if (!(rune.IsAscii && (char.IsAsciiLetterOrDigit((char)rune.Value) || "_-.,:+/@".Contains((char)rune.Value, StringComparison.Ordinal))))
            {
                escaped.Append('\\');
            }

            escaped.Append(rune.ToString());
        }

        return escaped.Length == 0 ? "''" : escaped.ToString();
    }

    [GeneratedRegex(@"\Atruncate\(\s*(?<offset>[0-9]+)\s*,\s*(?<length>[0-9]+)\s*\)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Truncate();

    [GeneratedRegex(@"\Asplit\('(?<separator>[^']+)'\)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Split();
}
