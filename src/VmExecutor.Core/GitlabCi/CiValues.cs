using System.Globalization;
using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.Core.GitlabCi;

/// <summary>Single values of a job; what is wrong is reported, and null.</summary>
internal sealed class CiValues(string job, ErrorList errors)
{
    // https://docs.gitlab.com/ci/yaml/yaml_optimization/: nested up to 10 levels.
    private const int DeepestScript = 10;

    public string? Text(CiEntry? entry)
    {
        switch (entry?.Value)
        {
            case null or CiScalar { IsNull: true }:
                return null;
            case CiScalar { Text.Length: > 0 } scalar:
                return scalar.Text;
            default:
                Wrong(entry, "takes a text");
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

    public IReadOnlyList<string> Texts(CiEntry? entry)
    {
        switch (entry?.Value)
        {
            case null or CiScalar { IsNull: true }:
                return [];
            case CiList list when list.Items.All(item => item is CiScalar { IsNull: false }):
                return [.. list.Items.Cast<CiScalar>().Select(item => item.Text)];
            default:
                Wrong(entry, "takes a list of texts");
                return [];
        }
    }

    public bool Truth(CiEntry? entry)
    {
        if (entry?.Value is null or CiScalar { IsNull: true })
        {
            return false;
        }

        if (entry.Value is CiScalar { Truth: { } truth })
        {
            return truth;
        }

        Wrong(entry, "takes true or false");
        return false;
    }

    public TimeSpan? Duration(CiEntry? entry)
    {
        if (Text(entry) is not { } text)
        {
            return null;
        }

        if (CiDuration.TryParse(text, out var duration))
        {
            return duration;
        }

        Wrong(entry!, $"{Quote.Text(text)} is no duration; write for example '1h 30m' or '90 minutes'");
        return null;
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
                Wrong(entry, "takes true, false, or 'exit_codes:' with numbers");
                return CiAllowFailure.Never;
        }
    }

    public void Wrong(CiEntry entry, string message, string? parent = null) =>
        errors.Add(entry.Value.At, $"{job}.{(parent is null ? "" : parent + ".")}{entry.Key}", message);

    private static List<int>? ExitCodes(CiNode node)
    {
        var numbers = new List<int>();
        foreach (var item in node is CiList list ? list.Items : [node])
        {
            if (item is not CiScalar scalar || !int.TryParse(scalar.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
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
            case CiScalar { IsNull: true }:
                // GitLab refuses it; most often it is the empty rest of a list.
                errors.Add(node.At, $"{job}.{entry.Key}", "has an empty line here; remove it, or write ':' for nothing");
                break;
            case CiScalar line:
                lines.Add(line.Text);
                break;
            case CiList list when depth <= DeepestScript:
                foreach (var item in list.Items)
                {
                    Flatten(entry, item, depth + 1, lines);
                }

                break;
            case CiList:
                errors.Add(node.At, $"{job}.{entry.Key}", $"is nested deeper than the {DeepestScript} levels that GitLab allows");
                break;
            default:
                errors.Add(node.At, $"{job}.{entry.Key}", "has a mapping where a line of script belongs; put a line with ': ' in it in quotes");
                break;
        }
    }
}
