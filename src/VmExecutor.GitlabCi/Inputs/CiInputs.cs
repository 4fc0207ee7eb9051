using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration.Binding;

namespace VmExecutor.GitlabCi.Inputs;

/// <summary>
/// The inputs of a file: the declarations of its header's <c>spec: inputs:</c>, and the values that the including file gives
/// (https://docs.gitlab.com/ci/inputs/; GitLab's lib/gitlab/ci/config/interpolation/inputs).
/// </summary>
/// <param name="findings">Takes the errors.</param>
/// <param name="fromCommandLine">The values are words of a command line, so that 12 may be a text.</param>
internal sealed class CiInputs(CiFindings findings, bool fromCommandLine = false)
{
    private const int MostOptions = 50;
    private static readonly string[] Known = ["default", "description", "options", "regex", "type", "rules"];
    private static readonly string[] Types = ["array", "boolean", "number", "string"];

    /// <summary>The value of each declared input.</summary>
    /// <param name="declared">The mapping below <c>spec: inputs:</c>.</param>
    /// <param name="given">The values.</param>
    /// <param name="at">Where the values are given, or where they are declared when no file includes this one.</param>
    public IReadOnlyDictionary<string, CiNode> Read(CiMap declared, CiMap? given, Position at)
    {
        var unknown = given?.Entries.Where(entry => declared.Find(entry.Key) is null).ToList() ?? [];
        foreach (var entry in unknown)
        {
            var meant = Suggestion.For(entry.Key, declared.Entries.Select(one => one.Key));
            findings.Wrong(entry.KeyAt, "inputs", $"unknown input arguments: {Quote.Plain(entry.Key)}{(meant is null ? "" : $"; did you mean '{Quote.Plain(meant)}'?")}");
        }

        var values = new Dictionary<string, CiNode>(StringComparer.Ordinal);
        foreach (var entry in declared.Entries)
        {
            if (ReadOne(entry, given?.Get(entry.Key), at) is { } value)
            {
                values[entry.Key] = value;
            }
        }

        return values;
    }

    /// <summary>The value of one input; null: an error, which was reported.</summary>
    public CiNode? ReadOne(CiEntry declaration, CiNode? given, Position at)
    {
        if (declaration.Value is not (CiMap or CiScalar { IsNull: true }))
        {
            Wrong(declaration.Value.At, declaration, "takes a mapping of type, default, description, options and regex");
            return null;
        }

        var spec = declaration.Value as CiMap ?? new CiMap(declaration.Value.At, []);
        foreach (var key in spec.Entries.Where(key => !Known.Contains(key.Key)))
        {
            Wrong(key.KeyAt, declaration, $"config contains unknown keys: {Quote.Plain(key.Key)}");
        }

        if (spec.Find("rules") is { } rules)
        {
            findings.Warn(rules.KeyAt, "spec.inputs", "rules of an input are not evaluated");
        }

        var type = spec.Get("type") is CiScalar named ? named.Text : "string";
        if (!Types.Contains(type))
        {
            Wrong(spec.Find("type")!.Value.At, declaration, $"type unknown value: {Quote.Plain(type)}; GitLab knows {Quote.AnyOf(Types)}");
            return null;
        }

        if (fromCommandLine && type == "string" && given is CiScalar word)
        {
            given = CiScalar.OfText(word.At, word.Written);
        }

        var byDefault = spec.Find("default")?.Value;
        if (given is null && byDefault is null)
        {
            Wrong(at, declaration, "required value has not been provided");
            return null;
        }

        return (byDefault is null || IsValid(declaration, spec, type, byDefault, "default")) && (given is null || IsValid(declaration, spec, type, given, "provided"))
            ? Typed(type, given ?? byDefault!)
            : null;
    }

    /// <summary>A boolean may come as a text; GitLab takes it for what it says.</summary>
    private static CiNode Typed(string type, CiNode value) =>
        type == "boolean" && value is CiScalar { IsText: true } text ? CiScalar.Plain(text.At, text.Text) : value;

    private bool IsValid(CiEntry declaration, CiMap spec, string type, CiNode value, string which)
    {
        var (fits, wanted) = type switch
        {
            "number" => (value is CiScalar { Kind: CiKind.Integer or CiKind.Float }, "a number"),
            "boolean" => (value is CiScalar { Kind: CiKind.Boolean } or CiScalar { IsText: true, Text: "true" or "false" }, "a boolean"),
            "array" => (value is CiList, "an array"),
            _ => (value is CiScalar { IsText: true }, "a string"),
        };
        if (!fits)
        {
            Wrong(value.At, declaration, $"{which} value is not {wanted}{(value is CiScalar { IsNull: false } scalar ? $": {scalar.Described}{(type == "string" ? "; write it in quotes" : "")}" : "")}");
            return false;
        }

        return IsOption(declaration, spec, type, value) && Matches(declaration, spec, type, value, which);
    }

    private bool IsOption(CiEntry declaration, CiMap spec, string type, CiNode value)
    {
        if (spec.Get("options") is not { } options)
        {
            return true;
        }

        if (type is not ("string" or "number") || options is not CiList { Items.Count: <= MostOptions } list)
        {
            Wrong(options.At, declaration, options is CiList { Items.Count: > MostOptions } ? $"cannot define more than {MostOptions} options"
                : options is CiList ? "Options can only be used with string and number inputs"
                : "options should be an array");
            return false;
        }

        var text = ((CiScalar)value).Text;
        if (list.Items.OfType<CiScalar>().Any(option => option.Text == text))
        {
            return true;
        }

        Wrong(value.At, declaration, $"`{Quote.Plain(text)}` cannot be used because it is not in the list of allowed options: {string.Join(", ", list.Items.OfType<CiScalar>().Select(option => Quote.Plain(option.Text)))}");
        return false;
    }

    private bool Matches(CiEntry declaration, CiMap spec, string type, CiNode value, string which)
    {
        if (spec.Get("regex") is not CiScalar regex)
        {
            return true;
        }

        if (type != "string")
        {
            Wrong(regex.At, declaration, "RegEx validation can only be used with string inputs");
            return false;
        }

        try
        {
            // Without backtracking, as GitLab's RE2: no pattern takes long.
            if (Regex.IsMatch(((CiScalar)value).Text, regex.Text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant))
            {
                return true;
            }

            Wrong(value.At, declaration, $"{which} value does not match required RegEx pattern {Quote.Text(regex.Text)}");
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            Wrong(regex.At, declaration, "invalid regular expression");
        }

        return false;
    }

    private void Wrong(Position at, CiEntry declaration, string message) => findings.Wrong(at, "", $"`{Quote.Plain(declaration.Key)}` input: {message}");
}
