using VmExecutor.Core.Values;

namespace VmExecutor.Core.Guests.Login;

/// <summary>The material that a clone is given so that the driver can log in; it holds no secret.</summary>
public sealed record LoginMaterial
{
    /// <summary>No material: the image has everything that the login needs.</summary>
    public static readonly LoginMaterial None = new();

    /// <summary>A disk with a NoCloud seed; it holds the guest's private host key.</summary>
    public AbsolutePath? Seed { get; init; }

    /// <summary>Strings for the SMBIOS tables. They are in QEMU's argument list, which every user of the host can read.</summary>
    public IReadOnlyList<string> OemStrings { get; init; } = [];

    /// <summary>The host key the guest is given; null: it has one of its own.</summary>
    public HostKey? HostKey { get; init; }
}
