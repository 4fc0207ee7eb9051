using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.GitlabCi.Inputs;

/// <summary>
/// Puts inputs in for <c>$[[ inputs.NAME | function ]]</c> in keys and values. A value that is one block alone gets the input with its type; within
/// a longer text the input becomes text (GitLab's lib/gitlab/ci/config/interpolation/template.rb).
/// </summary>
internal sealed partial class CiInterpolation(IReadOnlyDictionary<string, CiNode> inputs, CiInterpolationFunctions functions, CiFindings findings)
{
    private const string Opening = "$[[";
    private const string Access = "inputs.";
    private const int MostFunctions = 3;

    public CiNode Replace(CiNode node) => Replace(node, depth: 1);

    private CiNode Replace(CiNode node, int depth) => node switch
    {
        CiScalar { IsText: true } scalar => Shallow(Scalar(scalar), depth),
        CiList list => list with { Items = [.. list.Items.Select(item => Replace(item, depth + 1))] },
        CiMap map => map with { Entries = [.. map.Entries.Select(entry => new CiEntry(Key(entry), Replace(entry.Value, depth + 1)))] },

        // GitLab does not look into '!reference [...]'.
        _ => node,
    };

    /// <summary>An input that is put into the next file's input, and so on, would grow with each file.</summary>
    private CiNode Shallow(CiNode value, int depth)
    {
        if (depth + value.Height <= CiYaml.Deepest)
        {
            return value;
        }

        findings.Wrong(value.At, "", $"with its inputs it is nested deeper than the {CiYaml.Deepest} levels that GitLab reads");
        return CiScalar.Null(value.At);
    }

    private CiScalar Key(CiEntry entry)
    {
        switch (entry.HasTextKey ? Scalar(entry.KeyNode) : entry.KeyNode)
        {
            case CiScalar scalar:
                return scalar;
            default:
                findings.Wrong(entry.KeyAt, "", $"{Quote.Text(entry.Key)} puts a list where a key belongs");
                return entry.KeyNode;
        }
    }

    private CiNode Scalar(CiScalar scalar)
    {
        if (!scalar.Text.Contains(Opening, StringComparison.Ordinal))
        {
            return scalar;
        }

        var blocks = Block().Matches(scalar.Text);
        if (blocks is [var alone] && alone.Length == scalar.Text.Length)
        {
            return Value(scalar, alone) is { } value ? value with { At = scalar.At } : CiScalar.Null(scalar.At);
        }

        return CiScalar.OfText(scalar.At, Block().Replace(scalar.Text, block => Value(scalar, block) is { } value ? AsText(value) : ""));
    }

    private CiNode? Value(CiScalar scalar, Match block)
    {
        var parts = block.Groups["data"].Value.Split('|').Select(part => part.Trim()).ToArray();
        if (!parts[0].StartsWith(Access, StringComparison.Ordinal) || !inputs.TryGetValue(parts[0][Access.Length..], out var value))
        {
            var meant = Suggestion.For(parts[0], inputs.Keys.Select(key => Access + key));
            findings.Wrong(scalar.At, "", $"unknown interpolation provided: {Quote.Text(parts[0])} in {Quote.Text(block.Value)}{(meant is null ? "" : $"; did you mean '{Quote.Plain(meant)}'?")}");
            return null;
        }

        if (parts.Length - 1 > MostFunctions)
        {
            findings.Wrong(scalar.At, "", $"too many functions in interpolation block {Quote.Text(block.Value)}: GitLab takes {MostFunctions}");
            return null;
        }

        foreach (var function in parts.Skip(1))
        {
            var (result, problem) = functions.Apply(function, value);
            if (result is null)
            {
                findings.Wrong(scalar.At, "", $"{problem} in {Quote.Text(block.Value)}");
                return null;
            }

            value = result;
        }

        return value;
    }

    /// <summary>As Ruby makes a text of it: a list with brackets, its texts in quotes.</summary>
    private static string AsText(CiNode node) => node switch
    {
        CiScalar scalar => scalar.Text,
        CiList => Inspect(node),
        CiMap => Inspect(node),
        _ => "",
    };

    private static string Inspect(CiNode node) => node switch
    {
        CiScalar { IsText: true } text => $"\"{text.Text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"",
        CiScalar { IsNull: true } => "nil",
        CiScalar scalar => scalar.Text,
        CiList list => $"[{string.Join(", ", list.Items.Select(Inspect))}]",
        CiMap map => $"{{{string.Join(", ", map.Entries.Select(entry => $"{entry.Key}: {Inspect(entry.Value)}"))}}}",
        _ => "",
    };

    [GeneratedRegex(@"\$\[\[\s*(?<data>\S.*?\S)\s*\]\]", RegexOptions.CultureInvariant)]
    private static partial Regex Block();
}
