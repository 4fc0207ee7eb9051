using System.Globalization;

namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>A whole number in plain digits: no sign, exponent, octal or hexadecimal, which YAML readers disagree about.</summary>
internal sealed record WholeNumberKind(int Min, int Max)
    : ScalarKind(string.Create(CultureInfo.InvariantCulture, $"whole number, {Min} to {Max}"))
{
    public override Reading Read(ScalarText scalar)
    {
        var text = scalar.Text;
        if (text.Length == 0 || !text.All(char.IsAsciiDigit) || (text.Length > 1 && text[0] == '0'))
        {
            return Reading.Wrong($"{Quote.Text(text)} is not a whole number in plain digits; write digits only, from {Min} to {Max}");
        }

        if (scalar.Quoted)
        {
            return Reading.Wrong($"{Quote.Text(text)} is text because of its quotes; write it without quotes");
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= Min && number <= Max
                ? Reading.Of(number)
                : Reading.Wrong($"{Quote.Plain(text)} is out of range; write {Min} to {Max}");
    }
}
