using System.IO.Hashing;
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
            var totals = Count(before);
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

    private MetricTotals Count(MetricTotals totals)
    {
        var files = LedgerFile.FilesOf(stateDir).Select(path => (Path: path, Id: Identify(path))).Where(file => file.Id is not null).ToList();

        // Where the last one is no longer there, all that are were begun after it.
        var first = Math.Max(0, files.FindIndex(file => file.Id == totals.File));
        foreach (var (path, id) in files.Skip(first))
        {
            var offset = id == totals.File ? totals.Offset : 0;
            totals = totals with { File = id, Offset = Count(path, offset, totals) };
        }

        return totals;
    }

    /// <returns>How far the file was read: to the end of its last whole line.</returns>
    private static long Count(AbsolutePath path, long offset, MetricTotals totals)
    {
        using var stream = Open(path);
        var end = offset;
        foreach (var (begin, length) in LedgerFile.Parts(offset, Math.Max(offset, stream.Length)))
        {
            stream.Position = begin;
            var lines = new BoundedLines(stream, LedgerFile.LongestLine, length);
            while (lines.Next() is { } line)
            {
                if (lines.IsWhole && LedgerEntry.TryParse(line) is { } entry)
                {
                    totals.Count(entry);
                }
            }

            // An unfinished line that is too long is none of the ledger, and is not looked at a second time.
            end = length - lines.WholeBytes > LedgerFile.LongestLine ? begin + length : begin + lines.WholeBytes;
        }

        return end;
    }

    /// <summary>Null: there is no such file, or no whole line in it yet.</summary>
    private static string? Identify(AbsolutePath path)
    {
        try
        {
            using var stream = Open(path);
            var hash = new XxHash128();
            var buffer = new byte[4096];
            int count;
            var looked = 0L;
            while (looked < LedgerFile.LongestLine && (count = stream.Read(buffer)) > 0)
            {
                looked += count;
                var end = buffer.AsSpan(0, count).IndexOf((byte)'\n');
                hash.Append(buffer.AsSpan(0, end < 0 ? count : end));
                if (end >= 0)
                {
                    return Convert.ToHexStringLower(hash.GetCurrentHash());
                }
            }

            // The beginning of a first line without end is as good as the line.
            return looked < LedgerFile.LongestLine ? null : Convert.ToHexStringLower(hash.GetCurrentHash());
        }
        catch (HostFileException gone) when (gone.IsMissing)
        {
            return null;
        }
    }

    private static FileStream Open(AbsolutePath path) => LedgerFile.OpenRead(path);
}
