using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>Makes the directories below <c>state_dir</c>, with their parents where they are missing.</summary>
public static class StateDirectories
{
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The mode with which QEMU's user passes through to files it was given, but cannot list.</summary>
    public const UnixFileMode Passable = Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <exception cref="HostFileException">The file system refused.</exception>
    public static void Make(AbsolutePath directory, UnixFileMode mode = Passable)
    {
        try
        {
            MakeAll(directory, mode);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the directory {directory} cannot be made", e);
        }
    }

    private static void MakeAll(AbsolutePath directory, UnixFileMode mode)
    {
        if (!HostDirectory.Exists(directory.Value))
        {
            MakeAll(directory.Parent(), Passable);

            // Set again after making: the umask may have taken the bits away.
            HostDirectory.CreateDirectory(directory.Value, mode);
            HostFile.SetUnixFileMode(directory.Value, mode);
        }
    }
}
