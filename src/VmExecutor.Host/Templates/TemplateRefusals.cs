using System.Globalization;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Templates;

/// <summary>Finds out why QEMU may not open a template's memory.</summary>
internal static class TemplateRefusals
{
    /// <summary>Null: the start failed for something else.</summary>
    /// <param name="failure">Of the start, with QEMU's words.</param>
    /// <param name="ram">The file.</param>
    /// <param name="user">QEMU's user.</param>
    public static SystemFailureException? Explain(HypervisorException failure, AbsolutePath ram, QemuUser user) =>
        TemplateRefusal.Explains(failure.Message) ? TemplateRefusal.Of(failure.Message, ram, SecurityDrivers.Active(), Obstacle(ram, user)) : null;

    private static (string What, string Command)? Obstacle(AbsolutePath ram, QemuUser user)
    {
        if (ReadAccess.Obstacle(ram.Parent(), user.User, user.Group) is { } above)
        {
            return above;
        }

        // A user that the file's access list names has its rights by the group's bits (acl(5), mask), which then say nothing of the owner. A file that
        // no user may write to is opened read-only.
        return FileStat.TryRead(ram) is { } stat && user.User != 0 && stat.Owner != user.User && (stat.Mode & Needed(stat.Mode)) == 0
            ? (string.Create(CultureInfo.InvariantCulture, $"it belongs to user {stat.Owner} and not to the user QEMU runs as ({user.User})"),
                string.Create(CultureInfo.InvariantCulture, $"chown {user.User} {ram}"))
            : null;
    }

    private static UnixFileMode Needed(UnixFileMode mode) => (mode & UnixFileMode.UserWrite) == 0 ? UnixFileMode.GroupRead : UnixFileMode.GroupWrite;
}
