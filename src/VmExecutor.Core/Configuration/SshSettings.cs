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

    public HostKeyPin Pin { get; init; } = HostKeyPin.Image;

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
            otherwise: "the keys that publishing met; of an image that was never published, the key of the first contact is pinned for the job, and that first contact is not protected",
            onlyWith: new("pin", "image"))
        .Key("pin", Kinds.Choice<HostKeyPin>(),
            "Which host keys are believed. image: the same in all clones, those of 'host_key' or those that publishing met. "
            + "job: each clone's own, as it shows them at the job's first contact, for a guest that makes host keys at each boot; that first contact is not protected.",
            "job", it => it.Pin, (it, value) => it with { Pin = value });

    // It becomes an argument of ssh, so it never begins with '-'.
    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_.-]{0,31}$")]
    private static partial Regex UserName();
}

/// <summary>The host keys that a job believes.</summary>
public enum HostKeyPin
{
    /// <summary>Those of the image, which all of its clones share.</summary>
    Image,

    /// <summary>Those that the job's own guest shows at the first contact.</summary>
    Job,
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
