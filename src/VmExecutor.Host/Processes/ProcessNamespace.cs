using System.Globalization;
using Microsoft.Win32.SafeHandles;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Processes;

/// <summary>
/// Tells a container's processes from the host's own ones. A user's number means another user there: what runs as 994 in a container is that image's user 994, though the
/// host has given the number to a user of its own.
/// </summary>
internal static class ProcessNamespace
{
    // ioctl_ns(2): NS_GET_USERNS, NS_GET_OWNER_UID.
    private const ulong GetUserNamespace = 0xb701;
    private const ulong GetOwner = 0xb704;

    private const int ReadOnlyCloseOnExec = 0x80000;

    /// <summary>
    /// True when a process has process ids of its own that another user than this one has made: in a container. False for a process beside this one, and for one that the user has hidden
    /// in a namespace of its own, which every user may make. Where it cannot be told, the process counts as a container's.
    /// </summary>
    /// <param name="pid">Its id here.</param>
    /// <param name="user">The user that it runs as, as the host counts.</param>
    public static bool IsAnothers(int pid, uint user)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/ns/pid");
        try
        {
            if (HostFile.LinkTarget(path) == HostFile.LinkTarget("/proc/self/ns/pid"))
            {
                return false;
            }
        }
        catch (Exception gone) when (HostFileException.Explains(gone))
        {
            // It has ended.
            return true;
        }

        using var ids = Libc.Open(path, ReadOnlyCloseOnExec);
        if (ids.IsInvalid)
        {
            return true;
        }

        using var users = new SafeFileHandle(Libc.ControlToDescriptor(ids, GetUserNamespace, 0), ownsHandle: true);
        return users.IsInvalid || Libc.ControlToNumber(users, GetOwner, out var owner) != 0 || owner != user;
    }
}
