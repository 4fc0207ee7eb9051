using System.Text;
using VmExecutor.Core.Configuration.Binding;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace VmExecutor.GitlabCi;

/// <summary>A scalar with its quotes and its tag, as Ruby's Psych reads it (its to_ruby.rb): a tag that it does not know changes nothing.</summary>
internal sealed class CiTagged(Scalar scalar, Position at, CiFindings findings)
{
    private const string CoreTags = "tag:yaml.org,2002:";
    private const string Symbols = "!ruby/sym";

    public CiScalar Read()
    {
        if (scalar.Tag.IsEmpty)
        {
            return scalar.Style == ScalarStyle.Plain ? CiScalar.Plain(at, scalar.Value) : CiScalar.OfText(at, scalar.Value);
        }

        var tag = scalar.Tag.IsNonSpecific ? "!" : scalar.Tag.Value;
        switch (tag)
        {
            case CoreTags + "str" or "!str" or "!ruby/string":
                return CiScalar.OfText(at, scalar.Value);
            case CoreTags + "binary" or "!binary":
                return Binary();
            case CoreTags + "float" or "!float":
                return Float();
            case not null when tag.StartsWith(Symbols, StringComparison.Ordinal):
                return new CiScalar(at, CiKind.Symbol, scalar.Value, scalar.Value);
            case not null when IsRuby(tag):
                return Wrong(Refusal(tag));
            case "!reference":
                return Wrong("'!reference' takes a list of words, such as '!reference [.setup, script]'");
            default:
                if (tag != "!" && !tag!.StartsWith(CoreTags, StringComparison.Ordinal))
                {
                    Ignore(tag, at, findings);
                }

                return CiScalar.Plain(at, scalar.Value);
        }
    }

    /// <summary>A tag that asks for an object of Ruby's.</summary>
    public static bool IsRuby(string tag) => tag.StartsWith("!ruby/", StringComparison.Ordinal) || tag.StartsWith(CoreTags + "ruby/", StringComparison.Ordinal);

    public static string Refusal(string tag) => $"the tag {Quote.Text(tag)} asks for a class that GitLab's parser does not load ('Tried to load unspecified class'); leave it out";

    public static void Ignore(string tag, Position at, CiFindings findings)
    {
        if (tag.Length > 0)
        {
            findings.Warn(at, "", $"the tag {Quote.Text(tag)} means nothing to GitLab, which reads the value as if it were not there{(Suggestion.For(tag, ["!reference"]) is { } meant ? $"; did you mean '{meant}'?" : "")}");
        }
    }

    private CiScalar Binary()
    {
        try
        {
            return CiScalar.OfText(at, Encoding.UTF8.GetString(Convert.FromBase64String(scalar.Value)));
        }
        catch (FormatException)
        {
            return Wrong("is no base64, which '!!binary' asks for");
        }
    }

    private CiScalar Float()
    {
        var plain = CiScalar.Plain(at, scalar.Value);
        return plain.Kind switch
        {
            CiKind.Float => plain,
            CiKind.Integer => plain with { Kind = CiKind.Float, Text = CiScalars.RubyText(double.Parse(plain.Text, System.Globalization.CultureInfo.InvariantCulture)) },
            _ => Wrong($"{plain.Described}, and '!!float' makes no float of it"),
        };
    }

    private CiScalar Wrong(string problem)
    {
        findings.Wrong(at, "", problem);
        return CiScalar.Null(at);
    }
}
