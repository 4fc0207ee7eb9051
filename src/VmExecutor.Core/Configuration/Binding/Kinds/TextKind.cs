using System.Text.RegularExpressions;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>Text on one line.</summary>
internal sealed record TextKind(string Type) : ScalarKind(Type)
{
    public bool MayBeEmpty { get; init; }

    /// <summary>What the text must match; null: anything.</summary>
    public Regex? Pattern { get; init; }

    /// <summary>What the pattern demands, as an imperative sentence's end: "write ...".</summary>
    public string Rule { get; init; } = "text on one line";

    public override Reading Read(ScalarText scalar)
    {
        var text = scalar.Text;
        if (text.Any(char.IsControl) || !XmlText.CanCarry(text))
        {
            return Reading.Wrong($"{Quote.Text(text)} has a line break or another control character in it; write {Rule}");
        }

        if (text.Length == 0 && !MayBeEmpty)
        {
            return Reading.Wrong($"is empty; write {Rule}");
        }

        return Pattern?.IsMatch(text) == false
            ? Reading.Wrong($"{Quote.Text(text)} is not a {Type}; write {Rule}")
            : Reading.Of(text);
    }
}

/// <summary>The name of an image.</summary>
internal sealed record ImageNameKind() : ScalarKind("image name")
{
    public override Reading Read(ScalarText scalar) =>
        ImageName.TryParse(scalar.Text, out var name)
            ? Reading.Of(name)
            : Reading.Wrong($"{Quote.Text(scalar.Text)} is not an image name; write {ImageName.Rule}");
}

/// <summary>An absolute path in the guest.</summary>
internal sealed record GuestPathKind() : ScalarKind("path in the guest")
{
    public override Reading Read(ScalarText scalar) =>
        AbsolutePath.TryParse(scalar.Text, out var path) && !scalar.Text.Any(char.IsControl)
            ? Reading.Of(path.Value)
            : Reading.Wrong($"{Quote.Text(scalar.Text)} is not an absolute path; write a path in the guest that begins with '/', for example /builds");
}
