using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>How to get into a guest of this image.</summary>
public sealed record SshSettings
{
    public required string User { get; init; }

    /// <summary>How the guest comes to know who may log in.</summary>
    public LoginMethod Login { get; init; } = LoginMethod.Baked;

    /// <summary>With <see cref="LoginMethod.Baked"/>: the private key file whose public half is in the image; readable by its owner only.</summary>
    public AbsolutePath? Key { get; init; }

    /// <summary>The port sshd listens on in the guest.</summary>
    public int Port { get; init; } = 22;

    /// <summary>
    /// The guest's public host keys as in <c>ssh_host_ed25519_key.pub</c>, without the comment; empty: the key of the first
    /// contact is pinned for the job, which does not protect that first contact.
    /// </summary>
    public IReadOnlyList<string> HostKeys { get; init; } = [];
}

public enum LoginMethod
{
    /// <summary>The image holds a public key for good; the driver has the private one.</summary>
    Baked,

    /// <summary>A key of each job's own, a host key and the host name by a NoCloud seed, for images with cloud-init.</summary>
    CloudInit,

    /// <summary>A key of each job's own and the host name by SMBIOS strings, for images with systemd 252 or later.</summary>
    SystemdCredentials,
}
