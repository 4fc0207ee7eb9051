using VmExecutor.Core.Configuration;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.Observing;

/// <summary>
/// Counts the ledger's new lines, and remembers the totals in <c>state_dir/metrics.json</c>. A file of the ledger keeps its first line
/// when it gets another name, and that line is unique: its hash shows where to go on. Lines are missed only when five files are begun
/// between two readings.
/// </summary>
public sealed class LedgerTotals(AbsolutePath stateDir, StateLocks locks)
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(10);

    private AbsolutePath File { get; } = stateDir.Child(StateFiles.Totals);

    /// <summary>Everything that was ever counted, up to now.</summary>
    /// <exception cref="HostFileException">The file system refused, or another process holds the ledger's lock far too long.</exception>
    public async Task<MetricTotals> CatchUpAsync(CancellationToken cancellationToken)
    {
        // With it no process begins a new file meanwhile, and no other reader counts the same lines.
        using var held = await locks.TakeLedgerAsync(LockLimit, cancellationToken).ConfigureAwait(false)
            ?? throw new HostFileException($"the ledger in {stateDir} cannot be counted", new IOException("another process holds its lock"));
        try
        {
            var before = Read();
            var (file, offset) = LedgerFollower.Follow(stateDir, before.File, before.Offset, before.Count);
            var totals = before with { File = file, Offset = offset };
            if (totals.File != before.File || totals.Offset != before.Offset || !HostFile.Exists(File.Value))
            {
                AtomicFile.Write(File, totals.ToJson(), Mode, durably: true);
            }

            return totals;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the ledger in {stateDir} cannot be counted, or its count not kept in {File}", e);
        }
    }

    private MetricTotals Read()
    {
        try
        {
            return MetricTotals.TryParse(HostFile.ReadAllText(File.Value)) ?? MetricTotals.Empty();
        }
        catch (HostFileException gone) when (gone.IsMissing)
        {
            return MetricTotals.Empty();
        }
    }
}
