using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace VmExecutor.GitlabCi;

/// <summary>The types that GitLab's parser gives to a value without quotes.</summary>
internal enum CiKind
{
    Text,
    Null,
    Boolean,
    Integer,
    Float,
    Symbol,
    Date,
    Time,
}

/// <summary>
/// Reads plain scalars as Ruby's Psych does (its scalar_scanner.rb, YAML 1.1 with Ruby's own rules): <c>0644</c> is 420, <c>12:30:45</c> is 45045,
/// <c>3.10</c> is 3.1, <c>yes</c> is true, but <c>y</c>, <c>0o17</c> and <c>1e3</c> are texts.
/// </summary>
internal static partial class CiScalars
{
    private const int LongestWord = 5;

    /// <summary>A longer number stays as it is written: the time of its conversion grows with the square of its length.</summary>
    private const int LongestNumber = 1_000;

    /// <summary>The type, and the text that Ruby makes of the value when GitLab needs one.</summary>
    public static (CiKind Kind, string Text) Resolve(string text)
    {
        if (text.Length == 0)
        {
            return (CiKind.Null, "");
        }

        if (text.Contains('\n', StringComparison.Ordinal) || Word().IsMatch(text))
        {
            return OfWord(text);
        }

        return Time().IsMatch(text) ? (CiKind.Time, text)
            : Date().IsMatch(text) ? (CiKind.Date, text)
            : text.ToLowerInvariant() is ".inf" or "+.inf" ? (CiKind.Float, "Infinity")
            : text.ToLowerInvariant() is "-.inf" ? (CiKind.Float, "-Infinity")
            : text.ToLowerInvariant() is ".nan" ? (CiKind.Float, "NaN")
            : text is [':', _, ..] ? (CiKind.Symbol, Symbol(text[1..]))
            : text.Length > LongestNumber && (BaseSixty().IsMatch(text) || Integer().IsMatch(text)) ? (CiKind.Integer, text)
            : BaseSixty().IsMatch(text) ? (CiKind.Integer, OfBaseSixty(text).ToString(CultureInfo.InvariantCulture))
            : BaseSixtyFloat().IsMatch(text) ? (CiKind.Float, RubyText(OfBaseSixtyFloat(text)))
            : Float().IsMatch(text) && text is not ("." or "-." or "+.") ? (CiKind.Float, RubyText(OfFloat(text)))
            : Integer().IsMatch(text) ? (CiKind.Integer, OfInteger(text).ToString(CultureInfo.InvariantCulture))
            : (CiKind.Text, text);
    }

    /// <summary>A float as Ruby prints it: <c>3.1</c>, <c>100.0</c>, <c>1.0e-06</c>.</summary>
    public static string RubyText(double number)
    {
        if (double.IsNaN(number) || double.IsInfinity(number))
        {
            return double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
        }

        if (number == 0)
        {
            return double.IsNegative(number) ? "-0.0" : "0.0";
        }

        // .NET's shortest digits that give the number back are Ruby's, too: only the form differs.
        var parts = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture).Split('E');
        var point = parts[0].IndexOf('.', StringComparison.Ordinal);
        var written = parts[0].Replace(".", "", StringComparison.Ordinal);
        var digits = written.TrimStart('0');
        var exponent = (point < 0 ? written.Length : point) - 1 - (written.Length - digits.Length)
            + (parts.Length > 1 ? int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0);
        return (number < 0 ? "-" : "") + RubyText(digits.TrimEnd('0'), exponent);
    }

    private static string RubyText(string digits, int exponent)
    {
        if (exponent is < -4 or >= 16)
        {
            var rest = digits.Length == 1 ? "0" : digits[1..];
            return string.Create(CultureInfo.InvariantCulture, $"{digits[0]}.{rest}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
        }

        if (exponent < 0)
        {
            return $"0.{new string('0', -exponent - 1)}{digits}";
        }

        var whole = digits.PadRight(exponent + 1, '0');
        return $"{whole[..(exponent + 1)]}.{(whole.Length == exponent + 1 ? "0" : whole[(exponent + 1)..])}";
    }

    private static (CiKind Kind, string Text) OfWord(string text) => text.Length > LongestWord
        ? (CiKind.Text, text)
        : text.ToLowerInvariant() switch
        {
            "~" or "null" => (CiKind.Null, ""),
            "yes" or "true" or "on" => (CiKind.Boolean, "true"),
            "no" or "false" or "off" => (CiKind.Boolean, "false"),
            _ => (CiKind.Text, text),
        };

    private static string Symbol(string name) => name.Length > 1 && name[0] is '"' or '\'' && name.LastIndexOf(name[0]) is > 0 and var end ? name[1..end] : name;

    private static BigInteger OfBaseSixty(string text) =>
        text.Split(':').Select((part, place) => Leading(part) * BigInteger.Pow(60, Math.Abs(place - 2))).Aggregate(BigInteger.Add);

    private static double OfBaseSixtyFloat(string text) =>
        text.Split(':').Select((part, place) => double.Parse(part.Replace("_", "", StringComparison.Ordinal).TrimEnd('.'), CultureInfo.InvariantCulture) * Math.Pow(60, Math.Abs(place - 2))).Sum();

    private static BigInteger Leading(string digits) => BigInteger.Parse(digits.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    private static double OfFloat(string text) =>
        double.Parse(text.Replace(",", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture);

    private static BigInteger OfInteger(string text)
    {
        var negative = text[0] == '-';
        var digits = text.TrimStart('+', '-').Replace("_", "", StringComparison.Ordinal).Replace(",", "", StringComparison.Ordinal);
        var (numberBase, from) = digits switch
        {
            ['0', 'x', ..] => (16, 2),
            ['0', 'b', ..] => (2, 2),
            ['0', _, ..] => (8, 1),
            _ => (10, 0),
        };
        var value = digits[from..].Aggregate(BigInteger.Zero, (sum, digit) => (sum * numberBase) + Convert.ToInt32(digit.ToString(), 16));
        return negative ? -value : value;
    }

    [GeneratedRegex(@"\A[^0-9.:-]?[\p{L}_\s!@#$%\^&*(){}<>|/\\~;=]+", RegexOptions.CultureInvariant)]
    private static partial Regex Word();

    [GeneratedRegex(@"\A-?[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|\s+)[0-9]{1,2}:[0-9][0-9]:[0-9][0-9](?:\.[0-9]*)?(?:\s*(?:Z|[-+][0-9]{1,2}:?(?:[0-9][0-9])?))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Time();

    [GeneratedRegex(@"\A[0-9]{4}-(?:1[012]|0[0-9]|[0-9])-(?:[12][0-9]|3[01]|0[0-9]|[0-9])\z", RegexOptions.CultureInvariant)]
    private static partial Regex Date();

    [GeneratedRegex(@"\A[-+]?[0-9][0-9_]*(:[0-5]?[0-9]){1,2}\z", RegexOptions.CultureInvariant)]
    private static partial Regex BaseSixty();

    [GeneratedRegex(@"\A[-+]?[0-9][0-9_]*(:[0-5]?[0-9]){1,2}\.[0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex BaseSixtyFloat();

    [GeneratedRegex(@"\A[-+]?([0-9][0-9_,]*)?\.[0-9]*([eE][-+][0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Float();

    [GeneratedRegex(
        @"\A(?:[-+]?0b[_,]*[01][01_,]*|[-+]?0[_,]*[0-7][0-7_,]*|[-+]?(?:0|[1-9](?:[0-9]|,[0-9]|_[0-9])*)|[-+]?0x[_,]*[0-9a-fA-F][0-9a-fA-F_,]*)\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Integer();
}
