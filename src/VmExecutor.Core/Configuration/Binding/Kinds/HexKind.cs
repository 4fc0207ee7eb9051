using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration.Binding.Kinds;

/// <summary>A checksum as <c>sha256sum</c> and <c>sha512sum</c> print it.</summary>
internal sealed record HexKind(ChecksumKind Sum, int Digits) : ScalarKind($"{Digits} hexadecimal digits")
{
    public override Reading Read(ScalarText scalar)
    {
        var tool = Sum == ChecksumKind.Sha256 ? "sha256sum" : "sha512sum";
        return Checksum.TryParse(Sum, scalar.Text, out var checksum)
            ? Reading.Of(checksum)
            : Reading.Wrong($"{Quote.Text(scalar.Text)} is not such a checksum; write the {Digits} hexadecimal digits that {tool} prints");
    }
}
