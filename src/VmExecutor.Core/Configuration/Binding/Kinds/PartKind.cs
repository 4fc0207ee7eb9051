using VmExecutor.Core.Clones.Parts;

namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>A part of a domain's definition that clones would be refused for.</summary>
internal sealed record PartKind() : ScalarKind("part of a domain's XML")
{
    public override Reading Read(ScalarText scalar) =>
        DomainParts.WhyNotAllowed(scalar.Text) is { } why
            ? Reading.Wrong($"{Quote.Text(scalar.Text)} cannot be allowed, since {why}; write a part as the message of a refused domain names it, for example 'devices/hostdev'")
            : Reading.Of(scalar.Text);
}
