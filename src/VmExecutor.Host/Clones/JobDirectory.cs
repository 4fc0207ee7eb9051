using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Clones;

/// <summary>One job's directory under <c>state_dir</c>.</summary>
public sealed class JobDirectory(JobPaths paths)
{
    // QEMU's user passes through to files it was given, but cannot list.
    private const UnixFileMode Passable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public JobPaths Paths { get; } = paths;

    /// <summary>Makes it, with its parents where they are missing.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public void Create()
    {
        try
        {
            MakePassable(Paths.Directory.Parent().Parent());
            MakePassable(Paths.Directory.Parent());
            MakePassable(Paths.Directory);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the job's directory {Paths.Directory} cannot be made", e);
        }
    }

    /// <summary>Keeps what run and cleanup will need.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public void Write(JobRecord record)
    {
        try
        {
            AtomicFile.Write(Paths.Record, record.ToJson(), Private);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"{Paths.Record} cannot be written", e);
        }
    }

    /// <summary>Null when prepare has not come this far, or the record is damaged or unreadable: cleanup then goes by the job's names.</summary>
    public JobRecord? Read()
    {
        try
        {
            return JobRecord.TryParse(File.ReadAllText(Paths.Record.Value));
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return null;
        }
    }

    /// <summary>Removes it with all it holds; nothing there is fine.</summary>
    /// <exception cref="HostFileException">Something could not be removed.</exception>
    public void Remove()
    {
        try
        {
            Directory.Delete(Paths.Directory.Value, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing there, or another cleanup was quicker.
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the job's directory {Paths.Directory} cannot be removed", e);
        }
    }

    private static void MakePassable(AbsolutePath path)
    {
        if (!Directory.Exists(path.Value))
        {
            // Set again after making: the umask may have taken the bits away.
            Directory.CreateDirectory(path.Value, Passable);
            File.SetUnixFileMode(path.Value, Passable);
        }
    }
}
