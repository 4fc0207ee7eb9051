using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Users;

/// <summary>Gives a clone's files to the user that its QEMU runs as, as far as libvirt does not.</summary>
internal static class VmUserFiles
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>libvirt makes it, and lets only its QEMU user and swtpm's group in (qemu_tpm.c).</summary>
    private static readonly AbsolutePath TpmSockets = new("/run/libvirt/qemu/swtpm");

    /// <summary>Before the clone is started; nothing for a clone without a user of its own.</summary>
    /// <param name="clone">Its domain XML; a kernel that must be a copy is made one.</param>
    /// <param name="plan">The plan of the clone.</param>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public static void Give(XElement clone, ClonePlan plan)
    {
        if (plan.User is not { } user)
        {
            return;
        }

        if (CloneUser.NeedsOwnKernel(clone))
        {
            foreach (var (element, path) in CloneUser.KernelFiles(clone).ToList())
            {
                var copy = element == "kernel" ? plan.Paths.Kernel : plan.Paths.Initrd;
                HostFile.Copy(path.Value, copy.Value, overwrite: true);
                HostFile.SetUnixFileMode(copy.Value, Private);
                clone.Element("os")!.SetElementValue(element, copy.Value);
            }
        }

        foreach (var file in SourceDisk.WritableOf(clone).Select(disk => disk.Path).Append(plan.Paths.Seed).Append(plan.Paths.Nvram).Where(file => HostFile.Exists(file.Value)))
        {
            HostFile.SetUnixFileMode(file.Value, Private);
            if (CloneUser.IsGivenByDriver(clone) && FileOwner.Change(file.Value, user.Id, user.Group) is { } why)
            {
                throw new HostFileException($"{file} cannot be given to the user {user.Name}", new IOException(why));
            }
        }

        if (clone.Elements("devices").Elements("tpm").Any())
        {
            LetPassToTpmSockets(TpmSockets, user.Common);
        }
    }

    /// <summary>
    /// Lets the users of VMs pass through to the sockets of TPMs, each of which is its clone's user's alone. libvirt gives the directory to swtpm's group at each start, by the
    /// mode 0770. Where there is an access list that changes what its entries may have at most, and not the group's own entry: so that one is made with all rights.
    /// </summary>
    /// <param name="directory">Of all TPMs' sockets; missing until the first VM with one starts, after each start of the host.</param>
    /// <param name="group">The common group of the users.</param>
    /// <exception cref="HostFileException">The file system refused.</exception>
    internal static void LetPassToTpmSockets(AbsolutePath directory, uint group)
    {
        StateDirectories.Make(directory, StateDirectories.Private | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute);
        AccessList.LetPass(directory, group);
    }

    /// <summary>Takes a file of a clone that is gone back from the clone's user, who could change its mode otherwise.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public static void TakeBack(AbsolutePath file)
    {
        var self = Libc.EffectiveUser();
        if (Environment.IsPrivilegedProcess && FileStat.TryRead(file) is { } stat && stat.Owner != self && FileOwner.Change(file.Value, self, 0) is { } why)
        {
            throw new HostFileException($"{file} cannot be taken back from user {stat.Owner}", new IOException(why));
        }
    }
}
