using VmExecutor.Core.Configuration;
using VmExecutor.Core.Configuration.Binding;
using VmExecutor.Core.Values;

namespace VmExecutor.GitlabCi.Includes;

/// <summary>The value of an input that was given on the command line: read as YAML, so that numbers, booleans and lists have their types.</summary>
internal static class CiGivenInput
{
    public static CiNode Read(string text, AbsolutePath file, CiBudget budget)
    {
        var findings = new CiFindings();
        CiYaml? yaml = null;
        var documents = YamlReader.Use(
            new ConfigurationText(file, text),
            findings.Errors,
            "",
            parser => (yaml = new CiYaml(parser, file, findings, budget)).Documents(),
            () => yaml!.Reached);
        return documents is [var only] && findings.Errors.Found.Count == 0 && only is not CiMap and not CiScalar { IsNull: true } and not CiReference
            ? only
            : CiScalar.OfText(Position.StartOf(file), text);
    }
}
