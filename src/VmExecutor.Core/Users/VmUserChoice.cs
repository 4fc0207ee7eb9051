using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;

namespace VmExecutor.Core.Users;

/// <summary>Decides whether clones get users of their own on this host.</summary>
/// <param name="Pool">The pool that they are taken from; null: all clones run as libvirt's one QEMU user.</param>
/// <param name="WhyNot">The reason, in words that follow "because"; null: they have users of their own.</param>
public sealed record VmUserChoice(VmUserPool? Pool, string? WhyNot)
{
    /// <summary>True: the users alone are missing or incomplete, which the administrator can mend.</summary>
    public bool IsOnlyWithoutUsers { get; private init; }

    /// <param name="setting">What the administrator wants.</param>
    /// <param name="uri">Of libvirt.</param>
    /// <param name="isRoot">Whether this process may give files to other users.</param>
    /// <param name="pool">The users of this host; called when they matter.</param>
    /// <param name="qemuConf">The content of libvirt's qemu.conf; called when it matters.</param>
    public static VmUserChoice Decide(UserPerVm setting, string uri, bool isRoot, Func<VmUserPool> pool, Func<string> qemuConf)
    {
        if (setting == UserPerVm.Off)
        {
            return new(null, "'libvirt: user_per_vm' is off");
        }

        if (uri != LibvirtUri.System)
        {
            return new(null, $"libvirt is used at {uri}, and only {LibvirtUri.System} can run QEMU as other users of this host");
        }

        if (!isRoot)
        {
            return new(null, "the driver does not run as root, who alone can give files to other users");
        }

        if (HasNoOwnership(qemuConf()))
        {
            return new(null, "'dynamic_ownership = 0' in /etc/libvirt/qemu.conf keeps libvirt from giving files to them");
        }

        var users = pool();
        if (users.LacksGroups.Count > 0)
        {
            return new(null, $"users named {VmUserPool.Prefix}0, {VmUserPool.Prefix}1, … are not in the group {string.Join(", nor in ", users.LacksGroups)}, without which QEMU does not start") { IsOnlyWithoutUsers = true };
        }

        return users.Users.Count > 0 ? new(users, null) : new(null, $"this host has no users named {VmUserPool.Prefix}0, {VmUserPool.Prefix}1, … in the group {VmUserPool.GroupName}") { IsOnlyWithoutUsers = true };
    }

    /// <summary>The failure of a clone that must have a user of its own and cannot.</summary>
    public SystemFailureException Failure() => new(
        ErrorCodes.VmUserImpossible,
        $"no VM was started: 'libvirt: user_per_vm' is required, and VMs cannot have users of their own because {WhyNot}",
        "As root: executor/users/install (a package: /usr/lib/vm-executor/users/install). Or write 'user_per_vm: auto', and VMs share libvirt's QEMU user where that cannot be.");

    /// <summary>True when libvirt gives no files to QEMU's users (qemu.conf).</summary>
    private static bool HasNoOwnership(string qemuConf) => qemuConf.Split('\n').Select(line => line.Replace(" ", "", StringComparison.Ordinal).Trim())
        .Any(line => line == "dynamic_ownership=0" || line.StartsWith("dynamic_ownership=0#", StringComparison.Ordinal));
}
