using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Capacity;

/// <summary>The order that this host takes no more jobs: a file in the state directory.</summary>
public sealed class HostDrain(AbsolutePath stateDir)
{
    private const UnixFileMode ForGroup = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private AbsolutePath File => stateDir.Child(StateFiles.Drained);

    /// <summary>Null: the host takes jobs.</summary>
    public DrainRecord? Read() => HostFile.Exists(File.Value) ? DrainRecord.Parse(HostFile.TryReadAllText(File.Value) ?? "") : null;

    /// <summary>Gives the order; it is on the disk when this returns.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public void Begin(DrainRecord order)
    {
        StateDirectories.Make(stateDir);
        AtomicFile.Write(File, order.ToJson(), ForGroup, durably: true);
    }

    /// <summary>Takes it back.</summary>
    /// <returns>The order; null: there was none.</returns>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public DrainRecord? End()
    {
        var order = Read();
        HostFile.Delete(File.Value);
        return order;
    }
}
