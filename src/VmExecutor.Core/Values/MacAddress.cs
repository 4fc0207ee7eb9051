using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace VmExecutor.Core.Values;

/// <summary>An Ethernet address in QEMU's and libvirt's own range <c>52:54:00:xx:xx:xx</c>.</summary>
public sealed record MacAddress
{
    /// <summary>The address with these last three octets.</summary>
    public MacAddress(ReadOnlySpan<byte> suffix)
    {
        if (suffix.Length != 3)
        {
            throw new ArgumentException("a MAC suffix has three octets", nameof(suffix));
        }

        Value = string.Create(CultureInfo.InvariantCulture, $"52:54:00:{suffix[0]:x2}:{suffix[1]:x2}:{suffix[2]:x2}");
    }

    public string Value { get; }

    /// <summary>The address that a text always gives, such as a machine's name with a card's number.</summary>
    public static MacAddress Of(string seed) => new(XxHash128.Hash(Encoding.UTF8.GetBytes(seed)).AsSpan(0, 3));

    public override string ToString() => Value;
}
