using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>How to get into a guest of this image.</summary>
public sealed record SshSettings
{
    public required string User { get; init; }

    /// <summary>Private key file baked into the image, readable by its owner only.</summary>
    public required AbsolutePath Key { get; init; }

    /// <summary>The port sshd listens on in the guest.</summary>
    public int Port { get; init; } = 22;

    /// <summary>
    /// The guest's public host keys as in <c>ssh_host_ed25519_key.pub</c>, without the comment; empty: the key of the first
    /// contact is pinned for the job, which does not protect that first contact.
    /// </summary>
    public IReadOnlyList<string> HostKeys { get; init; } = [];
}
