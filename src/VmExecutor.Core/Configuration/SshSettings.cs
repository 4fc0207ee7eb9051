using System.Text.RegularExpressions;
using VmExecutor.Core.Configuration.Options;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Configuration;

/// <summary>The way into a guest of this image.</summary>
public sealed partial record SshSettings
{
    public required string User { get; init; }

    public LoginMethod Login { get; init; } = LoginMethod.Baked;

    /// <summary>With <see cref="LoginMethod.Baked"/>: the private key file whose public half is in the image; readable by its owner only.</summary>
    public AbsolutePath? Key { get; init; }

    public int Port { get; init; } = 22;

    /// <summary>
    /// The guest's public host keys as in <c>ssh_host_ed25519_key.pub</c>, without the comment; empty: the key of the first
    /// contact is pinned for the job, which does not protect that first contact.
    /// </summary>
    public IReadOnlyList<string> HostKeys { get; init; } = [];

    internal static readonly Section<SshSettings> Keys = new Section<SshSettings>(new() { User = "" })
        .Key("user", Kinds.Text("user name", "up to 32 letters, digits, '_', '.' and '-', beginning with a letter or '_'", UserName()),
            "The user that scripts run as in the guest.",
            "ci", it => it.User, (it, value) => it with { User = value }, required: true)
        .Key("login", Kinds.Choice<LoginMethod>(),
            "How the guest knows who may log in. baked: by a public key that is in the image. cloud-init: by a NoCloud seed with a key of each job's own. "
            + "systemd-credentials: the same by SMBIOS strings, for systemd 252 or later.",
            "cloud-init", it => it.Login, (it, value) => it with { Login = value })
        .Key("key", Kinds.Path,
            "Private key file that lets this user in; readable by its owner only.",
            "/etc/vm-executor/keys/ci_ed25519", it => it.Key, (it, value) => it with { Key = value }, required: true, onlyWith: new("login", "baked"))
        .Key("port", Kinds.WholeNumber(1, 65535),
            "Port of the ssh server in the guest.",
            "2222", it => it.Port, (it, value) => it with { Port = value })
        .OneOrMore("host_key", Kinds.HostKey,
            "The guest's public host keys, as in its /etc/ssh/ssh_host_ed25519_key.pub. A guest that shows another key is refused.",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJnVvDTBeyXyXEOiFf6sEv0fs3+3mWtp0gWbAkMeM29V", it => it.HostKeys, (it, value) => it with { HostKeys = value },
            otherwise: "the key of the first contact is pinned for the job; that first contact is not protected");

    // It becomes an argument of ssh, so it never begins with '-'.
    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_.-]{0,31}$")]
    private static partial Regex UserName();
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
