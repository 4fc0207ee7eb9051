using VmExecutor.Core.Configuration;
using VmExecutor.Core.Configuration.Binding;
using VmExecutor.GitlabCi.Inputs;

namespace VmExecutor.GitlabCi.Includes;

/// <summary>The content of one file: its documents, and its inputs put in (GitLab's lib/gitlab/config/loader/multi_doc_yaml.rb and ci/config/yaml).</summary>
internal sealed class CiDocuments(CiInterpolationFunctions functions, CiFindings findings, CiBudget budget)
{
    private const int Most = 2;
    private const string Spec = "spec";
    private const string InputsKey = "inputs";

    /// <summary>Null: an error, which was reported, keeps it from being looked into.</summary>
    /// <param name="source">The file.</param>
    /// <param name="given">The inputs that the including file gives.</param>
    /// <param name="givenAt">Where it includes this file; null: it is no include.</param>
    public CiMap? Read(ConfigurationText source, CiMap? given, Position? givenAt)
    {
        if (Parse(source) is not { } documents)
        {
            return null;
        }

        var filled = documents.Where(node => !IsBlank(node)).ToList();
        if (filled.Count > Most)
        {
            findings.Wrong(filled[Most].At, "", $"a third YAML document begins here; GitLab reads one, and a header with 'spec:' before it ('The parsed YAML has too many documents')");
            return null;
        }

        var header = filled.Count == Most && filled[0] is CiMap first && first.Find(Spec) is not null ? first : null;
        if (header is null && filled.Count == Most)
        {
            findings.Warn(filled[1].At, "", "a second YAML document begins here, which GitLab does not look at, and neither does this command; only a header with 'spec:' may stand before the configuration");
        }

        if (filled.Count == 0 || (header is null ? filled[0] : filled[1]) is not CiMap content)
        {
            findings.Wrong(filled.Count == 0 ? documents.Count == 0 ? Position.StartOf(source.File) : documents[0].At : filled[^1].At, "", "the file holds no jobs; write lines such as 'test:' with an indented 'script:' below");
            return null;
        }

        return header is null ? WithoutHeader(content, given, givenAt) : Interpolated(header, content, given, givenAt);
    }

    private static bool IsBlank(CiNode node) => node is CiScalar { Text: "" } or CiScalar { Truth: false } or CiList { Items.Count: 0 } or CiMap { Entries.Count: 0 };

    private CiMap WithoutHeader(CiMap content, CiMap? given, Position? givenAt)
    {
        if (given is { Entries.Count: > 0 })
        {
            findings.Wrong(givenAt ?? given.At, "", "Given inputs not defined in the `spec` section of the included configuration file");
        }

        // A file that consists of a header only is an ordinary file to GitLab, with a job of a name that is taken.
        return content;
    }

    private CiMap? Interpolated(CiMap header, CiMap content, CiMap? given, Position? givenAt)
    {
        var spec = header.Find(Spec)!;
        foreach (var key in header.Entries.Where(key => key.Key != Spec))
        {
            findings.Wrong(key.KeyAt, "header", $"config contains unknown keys: {Quote.Plain(key.Key)}");
        }

        var parts = spec.Value as CiMap;
        if (parts is null && spec.Value is not CiScalar { IsNull: true })
        {
            findings.Wrong(spec.Value.At, Spec, "config should be a hash: write 'inputs:' below it");
        }

        foreach (var key in parts?.Entries.Where(key => key.Key != InputsKey) ?? [])
        {
            if (key.Key is "include" or "component" or "description")
            {
                findings.Warn(key.KeyAt, $"spec.{key.Key}", "is not looked at");
            }
            else
            {
                findings.Wrong(key.KeyAt, Spec, $"config contains unknown keys: {Quote.Plain(key.Key)}");
            }
        }

        var before = findings.Errors.Found.Count;
        var declared = parts?.Get(InputsKey) as CiMap ?? new CiMap(spec.Value.At, []);
        var values = new CiInputs(findings, fromCommandLine: givenAt is null).Read(declared, given, givenAt ?? declared.At);
        return findings.Errors.Found.Count == before ? new CiInterpolation(values, functions, findings).Replace(content) as CiMap : null;
    }

    private IReadOnlyList<CiNode>? Parse(ConfigurationText source)
    {
        CiYaml? yaml = null;
        return YamlReader.Use(
            source,
            findings.Errors,
            "GitLab reads no file of this size",
            parser => (yaml = new CiYaml(parser, source.File, findings, budget)).Documents(),
            () => yaml!.Reached);
    }
}
