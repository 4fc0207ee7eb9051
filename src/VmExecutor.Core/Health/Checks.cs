namespace VmExecutor.Core.Health;

/// <summary>All checks there are. Their words are promised to scripts: none is ever renamed.</summary>
public static class Checks
{
    public static readonly Check Config = new("config", CheckTopic.Host);
    public static readonly Check Kvm = new("kvm", CheckTopic.Host);
    public static readonly Check Nested = new("nested", CheckTopic.Host);
    public static readonly Check Memory = new("memory", CheckTopic.Host);
    public static readonly Check Clock = new("clock", CheckTopic.Host);
    public static readonly Check Timers = new("timers", CheckTopic.Host);
    public static readonly Check Drained = new("drained", CheckTopic.Host);

    public static readonly Check Libvirt = new("libvirt", CheckTopic.Libvirt);
    public static readonly Check Socket = new("socket", CheckTopic.Libvirt);
    public static readonly Check Qemu = new("qemu", CheckTopic.Libvirt);
    public static readonly Check Security = new("security", CheckTopic.Libvirt);
    public static readonly Check VmUsers = new("vm-users", CheckTopic.Libvirt);
    public static readonly Check Tpm = new("tpm", CheckTopic.Libvirt);

    public static readonly Check StateDir = new("state-dir", CheckTopic.Storage);
    public static readonly Check BaseFiles = new("base-files", CheckTopic.Storage);
    public static readonly Check DiskSpace = new("disk-space", CheckTopic.Storage);
    public static readonly Check FileSystem = new("file-system", CheckTopic.Storage);
    public static readonly Check QemuImg = new("qemu-img", CheckTopic.Storage);

    public static readonly Check Network = new("network", CheckTopic.Network);
    public static readonly Check Loopback = new("loopback", CheckTopic.Network);
    public static readonly Check Egress = new("egress", CheckTopic.Network);
    public static readonly Check GuestStart = new("guest-start", CheckTopic.Network);
    public static readonly Check GuestOut = new("guest-out", CheckTopic.Network);
    public static readonly Check GuestLoopback = new("guest-loopback", CheckTopic.Network);

    public static readonly Check Ssh = new("ssh", CheckTopic.Ssh);
    public static readonly Check SshKeys = new("ssh-keys", CheckTopic.Ssh);

    public static readonly Check RunnerUser = new("runner-user", CheckTopic.Runner);
    public static readonly Check RunnerConfig = new("runner-config", CheckTopic.Runner);
    public static readonly Check RunnerStages = new("runner-stages", CheckTopic.Runner);
    public static readonly Check RunnerTimeouts = new("runner-timeouts", CheckTopic.Runner);
    public static readonly Check RunnerConcurrent = new("runner-concurrent", CheckTopic.Runner);
    public static readonly Check RunnerDirs = new("runner-dirs", CheckTopic.Runner);
    public static readonly Check RunnerFeatures = new("runner-features", CheckTopic.Runner);
    public static readonly Check RunnerStop = new("runner-stop", CheckTopic.Runner);

    public static readonly Check Images = new("images", CheckTopic.Images);
    public static readonly Check Templates = new("templates", CheckTopic.Images);
    public static readonly Check Standby = new("standby", CheckTopic.Images);
    public static readonly Check Registry = new("registry", CheckTopic.Images);
    public static readonly Check ProjectDisks = new("project-disks", CheckTopic.Images);

    public static readonly Check Leftovers = new("leftovers", CheckTopic.Leftovers);

    /// <summary>In the order of the report.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Config, Kvm, Nested, Memory, Clock, Timers, Drained,
        Libvirt, Socket, Qemu, Security, VmUsers, Tpm,
        StateDir, BaseFiles, DiskSpace, FileSystem, QemuImg,
        Network, Loopback, Egress, GuestStart, GuestOut, GuestLoopback,
        Ssh, SshKeys,
        RunnerUser, RunnerConfig, RunnerStages, RunnerTimeouts, RunnerConcurrent, RunnerDirs, RunnerFeatures, RunnerStop,
        Images, Templates, Standby, Registry, ProjectDisks,
        Leftovers,
    ];
}
