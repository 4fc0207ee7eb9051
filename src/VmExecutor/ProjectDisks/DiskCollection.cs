using VmExecutor.Core.Capacity;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Files;
using VmExecutor.Host.ProjectDisks;
using VmExecutor.Observing;

namespace VmExecutor.ProjectDisks;

/// <summary>Removes projects' disks that have to go, as a part of prepare, cleanup and gc. It never fails a job.</summary>
internal sealed class DiskCollection(Machine machine)
{
    /// <param name="log">Told what went.</param>
    /// <param name="keepFree">The room that the host's disk should have; null: that is not looked at.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(JobLog log, ByteSize? keepFree, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var removed in await machine.DiskKeeper.CollectAsync(machine.Settings, keepFree, cancellationToken))
            {
                log.Say($"Removed the project disk {Name(removed.Disk)} ({RoughSize.Of(removed.Disk.Bytes)}), since {removed.Why}");
            }
        }
        catch (Exception e) when (e is SystemFailureException or TimeoutException || HostFileException.Explains(e))
        {
            log.Warn($"projects' disks could not be looked through: {e.Message}");
        }
    }

    /// <summary>The project of a disk for people.</summary>
    internal static string Name(ListedDisk disk) =>
        disk.State is not { } state ? disk.Key.Value : $"of {PlainText.OneLine($"{state.Project}{(state.Owner is { PartText: { Length: > 0 } part } ? $", {part}" : "")}", 200)} (image '{PlainText.OneLine(state.Image, 100)}')";
}
