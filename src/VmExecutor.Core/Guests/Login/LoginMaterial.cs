using VmExecutor.Core.Values;

namespace VmExecutor.Core.Guests.Login;

/// <summary>What a clone is given so that the driver gets in; nothing of it is a secret.</summary>
public sealed record LoginMaterial
{
    /// <summary>The image holds all it takes.</summary>
    public static readonly LoginMaterial None = new();

    /// <summary>A disk with a NoCloud seed; it holds the guest's private host key.</summary>
    public AbsolutePath? Seed { get; init; }

    /// <summary>Strings for the SMBIOS tables; they are in QEMU's argument list, for everybody on the host to read.</summary>
    public IReadOnlyList<string> OemStrings { get; init; } = [];

    /// <summary>The host key the guest is given; null: it has one of its own.</summary>
    public HostKey? HostKey { get; init; }
}
