using System.Text.RegularExpressions;

namespace VmExecutor.GitlabCi.Includes;

/// <summary>
/// A condition of <c>rules: if:</c> (https://docs.gitlab.com/ci/jobs/job_rules/#cicd-variable-expressions): <c>$A == "b"</c>, <c>$A =~ /re/</c>,
/// <c>&amp;&amp;</c>, <c>||</c> and parentheses; a variable alone is true if it is not empty.
/// </summary>
internal sealed partial class CiCondition
{
    private const int Deepest = 50;
    private readonly List<string> _tokens;
    private readonly IReadOnlyDictionary<string, string> _variables;
    private int _next;

    private CiCondition(List<string> tokens, IReadOnlyDictionary<string, string> variables) => (_tokens, _variables) = (tokens, variables);

    private string? Current => _next < _tokens.Count ? _tokens[_next] : null;

    /// <summary>Null: GitLab would say that it is no valid expression.</summary>
    public static bool? Evaluate(string expression, IReadOnlyDictionary<string, string> variables)
    {
        var tokens = new List<string>();
        for (var place = 0; place < expression.Length;)
        {
            if (Token().Match(expression, place) is not { Success: true } token)
            {
                return null;
            }

            if (!string.IsNullOrWhiteSpace(token.Value))
            {
                tokens.Add(token.Value);
            }

            place += token.Length;
        }

        try
        {
            var condition = new CiCondition(tokens, variables);
            var result = condition.Either(0);
            return condition.Current is null ? result.IsTrue : null;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private Operand Either(int depth)
    {
        var result = Both(depth);
        while (Takes("||"))
        {
            var other = Both(depth);
            result = result.IsTrue ? result : other;
        }

        return result;
    }

    private Operand Both(int depth)
    {
        var result = Comparison(depth);
        while (Takes("&&"))
        {
            var other = Comparison(depth);
            result = result.IsTrue ? other : result;
        }

        return result;
    }

    private Operand Comparison(int depth)
    {
        var left = Single(depth);
        while (Current is "==" or "!=" or "=~" or "!~")
        {
            var comparison = _tokens[_next++];
            var right = Single(depth);
            left = Operand.Of(comparison switch
            {
                "==" => left.Text == right.Text,
                "!=" => left.Text != right.Text,
                "=~" => Matches(left, right),
                _ => !Matches(left, right),
            });
        }

        return left;
    }

    private Operand Single(int depth)
    {
        var token = Current ?? throw new FormatException();
        _next++;
        if (token == "(")
        {
            var inner = depth < Deepest ? Either(depth + 1) : throw new FormatException();
            return Takes(")") ? inner : throw new FormatException();
        }

        return token switch
        {
            "null" => new Operand(null),
            ['$', ..] => new Operand(_variables.GetValueOrDefault(token.TrimStart('$').Trim('{', '}'))),
            ['"' or '\'', ..] => new Operand(token[1..^1]),
            ['/', ..] => new Operand(token),
            _ => throw new FormatException(),
        };
    }

    private bool Takes(string token)
    {
        if (Current != token)
        {
            return false;
        }

        _next++;
        return true;
    }

    private static bool Matches(Operand left, Operand pattern)
    {
        if (left.Text is not { } text || pattern.Text is not { } written)
        {
            return false;
        }

        // A variable on the right is a pattern if it looks like one.
        if (Pattern().Match(written) is not { Success: true } found)
        {
            return false;
        }

        var options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
        options |= found.Groups["flags"].Value.Contains('i', StringComparison.Ordinal) ? RegexOptions.IgnoreCase : RegexOptions.None;
        options |= found.Groups["flags"].Value.Contains('m', StringComparison.Ordinal) ? RegexOptions.Singleline : RegexOptions.None;
        return Regex.IsMatch(text, found.Groups["pattern"].Value.Replace("\\/", "/", StringComparison.Ordinal), options);
    }

    [GeneratedRegex("""\G(?:\s+|&&|\|\||==|!=|=~|!~|\(|\)|null\b|\$\{?[A-Za-z_][A-Za-z0-9_]*\}?|"[^"]*"|'[^']*'|/(?:\\.|[^/\\])+/[imU]*)""", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    [GeneratedRegex(@"\A/(?<pattern>.+)/(?<flags>[imU]*)\z", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Pattern();

    /// <summary>A value of an expression; null: the variable is not there.</summary>
    private readonly record struct Operand(string? Text)
    {
        public bool IsTrue => !string.IsNullOrEmpty(Text);

        public static Operand Of(bool truth) => new(truth ? "true" : null);
    }
}
