using System.Globalization;
using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.GitlabCi;

/// <summary>Single values of a job; what is wrong is reported, and null.</summary>
internal sealed class CiValues(string job, CiFindings findings)
{
    // https://docs.gitlab.com/ci/yaml/yaml_optimization/: nested up to 10 levels.
    public const int DeepestScript = 10;

    private static readonly string ScriptRule = string.Create(CultureInfo.InvariantCulture, $"config should be a string or a nested array of strings up to {DeepestScript} levels deep");

    public string? Text(CiEntry? entry)
    {
        switch (entry?.Value)
        {
            case null or CiScalar { IsNull: true }:
                return null;
            case CiUnknown:
                return null;
            case CiScalar { IsText: true, Text.Length: > 0 } scalar:
                return scalar.Text;
            default:
                Wrong(entry, $"config should be a string{Surprise(entry.Value)}");
                return null;
        }
    }

    /// <summary>The lines of a script: a text, or a list of texts and lists.</summary>
    public IReadOnlyList<string>? Script(CiEntry? entry)
    {
        if (entry?.Value is null or CiScalar { IsNull: true })
        {
            return null;
        }

        var lines = new List<string>();
        Flatten(entry, entry.Value, depth: 0, lines);
        return lines;
    }

    /// <summary>The job's <c>script</c> itself, which must hold something.</summary>
    public IReadOnlyList<string> RequiredScript(CiEntry script)
    {
        if (script.Value is CiScalar { IsNull: true } or CiList { Items.Count: 0 } || (script.Value is CiScalar { IsText: true } text && string.IsNullOrWhiteSpace(text.Text)))
        {
            Wrong(script, "can't be blank; write what the job does, or ':' for nothing");
            return [];
        }

        return Script(script) ?? [];
    }

    public IReadOnlyList<string> Texts(CiEntry? entry, string? parent = null)
    {
        switch (entry?.Value)
        {
            case null or CiScalar { IsNull: true }:
                return [];
            case CiList list when list.Items.All(item => item is CiScalar { IsText: true }):
                return [.. list.Items.Cast<CiScalar>().Select(item => item.Text)];
            default:
                Wrong(entry, $"should be an array of strings{Surprise((entry.Value as CiList)?.Items.FirstOrDefault(item => item is not CiScalar { IsText: true }) ?? entry.Value)}", parent);
                return [];
        }
    }

    public bool Truth(CiEntry? entry, string? parent = null)
    {
        if (entry?.Value is null or CiScalar { IsNull: true })
        {
            return false;
        }

        if (entry.Value is CiScalar { Truth: { } truth })
        {
            return truth;
        }

        Wrong(entry, $"should be a boolean value{Surprise(entry.Value)}", parent);
        return false;
    }

    public TimeSpan? Duration(CiEntry? entry)
    {
        switch (entry?.Value)
        {
            case null or CiScalar { IsNull: true }:
                return null;
            case CiScalar { IsText: true } text when CiDuration.TryParse(text.Text, out var duration):
                return duration;
            default:
                var what = entry.Value is CiScalar { IsText: true } word ? $"{Quote.Text(word.Written)} is no duration" : $"takes a duration{Surprise(entry.Value)}";
                Wrong(entry, $"{what} ('config should be a duration'); write for example '1h 30m' or '90 minutes'");
                return null;
        }
    }

    public CiAllowFailure AllowFailure(CiEntry? entry)
    {
        switch (entry?.Value)
        {
            case null or CiScalar { IsNull: true }:
                return CiAllowFailure.Never;
            case CiScalar { Truth: { } any }:
                return new CiAllowFailure(any, []);
            case CiMap map when map.Get("exit_codes") is { } codes && ExitCodes(codes) is { } numbers:
                return new CiAllowFailure(Any: false, numbers);
            default:
                Wrong(entry, "should be a hash or a boolean value: true, false, or 'exit_codes:' with numbers");
                return CiAllowFailure.Never;
        }
    }

    public void Wrong(CiEntry entry, string message, string? parent = null) =>
        findings.Wrong(entry.Value.At, $"{job}.{(parent is null ? "" : parent + ".")}{entry.Key}", message);

    private static string Surprise(CiNode node) => node is CiScalar scalar ? $": {scalar.Described}{(scalar.IsNull || scalar.IsText ? "" : "; write it in quotes")}" : "";

    private static List<int>? ExitCodes(CiNode node)
    {
        var numbers = new List<int>();
        foreach (var item in node is CiList list ? list.Items : [node])
        {
            if (item is not CiScalar { Kind: CiKind.Integer } scalar || !int.TryParse(scalar.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            numbers.Add(number);
        }

        return numbers;
    }

    private void Flatten(CiEntry entry, CiNode node, int depth, List<string> lines)
    {
        switch (node)
        {
            case CiScalar { IsText: true } line:
                lines.Add(line.Text);
                break;
            case CiScalar line:
                findings.Wrong(node.At, $"{job}.{entry.Key}", $"{ScriptRule}: {line.Described}; {(line.IsNull ? "remove the line, or write ':' for nothing" : "write it in quotes")}");
                break;
            case CiList list when depth <= DeepestScript:
                foreach (var item in list.Items)
                {
                    Flatten(entry, item, depth + 1, lines);
                }

                break;
            case CiList:
                findings.Wrong(node.At, $"{job}.{entry.Key}", $"{ScriptRule}: it is nested deeper than the {DeepestScript} levels");
                break;
            default:
                findings.Wrong(node.At, $"{job}.{entry.Key}", $"{ScriptRule}: a mapping is where a line of script belongs; put a line with ': ' in it in quotes");
                break;
        }
    }
}
