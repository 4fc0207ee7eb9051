using System.Text.RegularExpressions;

namespace VmExecutor.Core.Clones;

/// <summary>A name in a job's directory.</summary>
/// <param name="Name">The whole name; or its end where <paramref name="IsEnding"/>.</param>
/// <param name="Maker">Which part of the driver, or which tool, makes it.</param>
/// <param name="IsSecret">Whether it holds what must not be read by others: a private key, scripts with tokens in them.</param>
/// <param name="IsEnding">Any name that ends like this.</param>
public sealed record JobFile(string Name, string Maker, bool IsSecret = false, bool IsEnding = false)
{
    internal bool Matches(string name) => IsEnding ? name.EndsWith(Name, StringComparison.Ordinal) && name.Length > Name.Length : name == Name;
}

/// <summary>
/// Every file and directory that the driver, or a tool that it starts, makes in a job's directory. <see cref="JobPaths"/> takes the names
/// from here. A directory without a usable record is removed only if it holds no other names.
/// </summary>
public static partial class JobFiles
{
    public static readonly JobFile Record = new("job.json", "prepare");
    public static readonly JobFile Scripts = new("scripts.jsonl", "run");
    public static readonly JobFile Egress = new("egress.json", "run, with egress");
    public static readonly JobFile EgressSocket = new("egress.sock", "run, with egress in session mode");
    public static readonly JobFile ScriptTexts = new("scripts", "run, with keep_scripts", IsSecret: true);
    public static readonly JobFile Overlay = new(".qcow2", "qemu-img", IsEnding: true);
    public static readonly JobFile Nvram = new("nvram.fd", "prepare: a copy of the source's or the template's");
    public static readonly JobFile Kernel = new("kernel", "prepare: a copy, where the VM has a user of its own and an emulated TPM or UEFI");
    public static readonly JobFile Initrd = new("initrd", "prepare: as kernel");
    public static readonly JobFile Pstore = new("pstore.raw", "QEMU");
    public static readonly JobFile Console = new("console.log", "QEMU or virtlogd");
    public static readonly JobFile LoginKey = new("id_ed25519", "ssh-keygen", IsSecret: true);
    public static readonly JobFile Seed = new("seed.iso", "xorrisofs; a warm start copies the template's", IsSecret: true);
    public static readonly JobFile SeedFiles = new("seed", "prepare, while it makes the seed", IsSecret: true);
    public static readonly JobFile KnownHosts = new("known_hosts", "prepare, or ssh where no key is pinned");
    public static readonly JobFile ControlSocket = new("ssh.sock", "ssh");
    public static readonly JobFile UnprovenSocket = new("ssh.sock.unproven", "ssh");
    public static readonly JobFile SshLog = new("ssh.log", "ssh");
    public static readonly JobFile LeftInput = new("left.in", "the fill of standby clones");
    public static readonly JobFile LeftOutput = new("left.out", "the fill of standby clones");
    public static readonly JobFile PersonSocket = new(".ssh.sock", "ssh, for 'vm-executor ssh'", IsEnding: true);
    public static readonly JobFile PersonLog = new(".ssh.log", "ssh, for 'vm-executor ssh'", IsEnding: true);
    public static readonly JobFile Trial = new("try", "try", IsSecret: true);
    public static readonly JobFile Artifacts = new("artifacts.tar", "try --artifacts", IsSecret: true);

    /// <summary>All of them, without the names that are derived from these.</summary>
    public static IReadOnlyList<JobFile> All { get; } =
    [
        Record, Scripts, Egress, EgressSocket, ScriptTexts, Overlay, Nvram, Kernel, Initrd, Pstore, Console, LoginKey, Seed, SeedFiles, KnownHosts, ControlSocket, UnprovenSocket, SshLog, LeftInput, LeftOutput,
        PersonSocket, PersonLog, Trial, Artifacts,
    ];

    /// <summary>True when a file of that name in a job's directory can have been made by the driver or its tools.</summary>
    public static bool IsOurs(string name) => All.Any(file => file.Matches(name) || (Derived().Match(name) is { Success: true } derived && file.Matches(derived.Groups["of"].Value)));

    /// <summary>
    /// Names derived from other names: a file that is being written beside its place (AtomicFile), the public half of a key (ssh-keygen), a
    /// console that virtlogd has exchanged (<c>console.log.0</c>). ssh makes such names while it exchanges a known_hosts file or binds a
    /// control socket (mkstemp, mux.c).
    /// </summary>
    [GeneratedRegex(@"\A(?<of>.+?)\.(?:[0-9a-f]{32}\.tmp|pub|[0-9]{1,4}|old|[A-Za-z0-9]{6,20})\z")]
    private static partial Regex Derived();
}
