using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Health;

/// <summary>What listens on the host's loopback only, without the ports through which jobs' guests are reached.</summary>
public static class LoopbackServices
{
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <param name="stateDir">Whose jobs' ports are left out; null: not known.</param>
    public static IReadOnlyList<string> List(AbsolutePath? stateDir)
    {
        var forwards = stateDir is null ? [] : JobFolder.List(stateDir).Ours.Where(folder => !folder.IsHalf)
            .Select(folder => JobDirectory.Of(stateDir, folder.Key).Read()?.Guest?.Port).OfType<int>().ToHashSet();
        return [.. Tables.SelectMany(table => Listeners.OnLoopback(TryRead(table), forwards))];
    }

    private static string TryRead(string path)
    {
        try
        {
            return HostFile.ReadAllText(path);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            // Where IPv6 is switched off there is no tcp6.
            return "";
        }
    }
}
