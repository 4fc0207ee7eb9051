using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.GitlabCi.Inputs;

/// <summary>
/// The <c>inputs:</c> of a job: each has a default, which the runner puts in for <c>${{ job.inputs.NAME }}</c>. In a job without inputs the
/// text is left alone, as by the runner.
/// </summary>
internal sealed partial class CiJobInputs
{
    private const string Access = "job.inputs.";
    private readonly string _job;
    private readonly CiFindings _findings;
    private readonly IReadOnlyDictionary<string, CiNode>? _values;
    private readonly Position _at;

    public CiJobInputs(string job, CiEntry? entry, CiFindings findings)
    {
        (_job, _findings) = (job, findings);
        if (entry?.Value is not CiMap map)
        {
            return;
        }

        _at = entry.KeyAt;
        var values = new Dictionary<string, CiNode>(StringComparer.Ordinal);
        foreach (var declared in map.Entries)
        {
            if ((declared.Value as CiMap)?.Get("default") is null)
            {
                findings.Wrong(declared.KeyAt, $"{job}.inputs.{declared.Key}", "must have a default value");
            }
            else if (new CiInputs(findings).ReadOne(declared, given: null, declared.KeyAt) is { } value)
            {
                values[declared.Key] = value;
            }
        }

        _values = values;
    }

    public IReadOnlyList<string> Fill(IReadOnlyList<string> texts) => _values is null ? texts : [.. texts.Select(Fill)];

    public string Fill(string text) => _values is null ? text : Expression().Replace(text, found =>
    {
        var written = found.Groups["expression"].Value;
        if (written.StartsWith(Access, StringComparison.Ordinal) && _values.TryGetValue(written[Access.Length..], out var value) && value is CiScalar scalar)
        {
            return scalar.Text;
        }

        _findings.Wrong(_at, $"{_job}.inputs", $"{Quote.Text(found.Value)} is no input with a single value; the job has {(_values.Count == 0 ? "none" : Quote.AnyOf([.. _values.Keys.Select(Quote.Plain)]))}");
        return "";
    });

    [GeneratedRegex(@"\$\{\{\s*(?<expression>.*?)\s*\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Expression();
}
