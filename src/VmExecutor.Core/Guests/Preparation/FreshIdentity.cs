namespace VmExecutor.Core.Guests.Preparation;

/// <summary>
/// The identity that a guest gets after it woke up from a template, before anything of a job runs in it, so that it differs from the
/// other clones.
/// </summary>
public sealed record FreshIdentity
{
    /// <summary>The clone's host name.</summary>
    public required string Hostname { get; init; }

    /// <summary>machine-id(5): 32 lower-case hexadecimal digits; null: the guest keeps its own.</summary>
    public required string? MachineId { get; init; }

    /// <summary>Fresh random bytes of the host for the guest's random generator, at least 64.</summary>
    public required ReadOnlyMemory<byte> Seed { get; init; }

    /// <summary>
    /// Set: the template's public key, which is replaced everywhere in the guest's authorized_keys; null: the image's key stays.
    /// </summary>
    public (HostKey Template, HostKey Own)? LoginKey { get; init; }

    /// <summary>Set: the clone's token is left in the guest.</summary>
    public GuestProof? Proof { get; init; }
}
