using VmExecutor.Core.Configuration;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.Observing;

/// <summary><c>ledger.jsonl</c>, to which any number of processes append. Each holds the ledger's lock for the moment of its one write.</summary>
public sealed class LedgerFile(AbsolutePath stateDir, StateLocks locks, long longestBytes = LedgerFile.LongestBytes)
{
    /// <summary>From this size on a new file is begun.</summary>
    public const long LongestBytes = 8 << 20;

    /// <summary>The number of earlier files that stay: <c>ledger.1.jsonl</c> is the last one.</summary>
    public const int Earlier = 4;

    /// <summary>A longer line is none of the ledger.</summary>
    internal const int LongestLine = 1 << 20;

    // It is held for a millisecond, but on a host that is busy beyond measure those who wait get their turn late.
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(30);

    public AbsolutePath Path { get; } = stateDir.Child(StateFiles.Ledger);

    /// <summary>All files that there may be, the oldest first.</summary>
    public static IReadOnlyList<AbsolutePath> FilesOf(AbsolutePath stateDir) => LineFile.AllOf(stateDir.Child(StateFiles.Ledger), Earlier);

    /// <summary>Appends one line.</summary>
    /// <exception cref="HostFileException">The file system refused, or another process holds the lock far too long.</exception>
    public async Task AppendAsync(LedgerEntry entry, CancellationToken cancellationToken)
    {
        using var held = await locks.TakeLedgerAsync(LockLimit, cancellationToken).ConfigureAwait(false)
            ?? throw new HostFileException($"the ledger {Path} cannot be written", new IOException("another process holds its lock"));
        try
        {
            new LineFile(Path, longestBytes, Earlier).Append(entry.ToLine());
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the ledger {Path} cannot be written", e);
        }
    }

    /// <summary>
    /// A file has this much at most, for the driver begins a new one long before. Of a larger one, which something else has written to, so much of the beginning
    /// and of the end is read: the driver's lines are there.
    /// </summary>
    internal const long LongestPart = 64 << 20;

    /// <summary>One of its files, to be read while others append.</summary>
    /// <exception cref="HostFileException">It cannot be read.</exception>
    internal static FileStream OpenRead(AbsolutePath file) =>
        HostFile.Open(file.Value, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    /// <summary>The files of which something is left out when they are read.</summary>
    public static IReadOnlyList<AbsolutePath> Overgrown(AbsolutePath stateDir) =>
        [.. FilesOf(stateDir).Where(file => FileStat.TryRead(file) is { Bytes: > 2 * LongestPart })];

    /// <summary>The parts of a file that are read, one after the other. Between two parts something is left out.</summary>
    /// <param name="offset">Where to begin.</param>
    /// <param name="length">Of the file.</param>
    internal static IReadOnlyList<(long Begin, long Length)> Parts(long offset, long length) =>
        length - offset <= 2 * LongestPart ? [(offset, length - offset)] : [(offset, LongestPart), (length - LongestPart, LongestPart)];
}
