using System.Globalization;
using System.Text;
using VmExecutor.Core.Ledger;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Locks;

namespace VmExecutor.Host.Ledger;

/// <summary>
/// <c>ledger.jsonl</c>, to which any number of processes append. Each holds the ledger's lock for the moment of its one write, so that
/// no line is torn and none goes into a file that is being exchanged. A line that a power failure cut is ended before the next.
/// </summary>
public sealed class LedgerFile(AbsolutePath stateDir, StateLocks locks, long longestBytes = LedgerFile.LongestBytes)
{
    /// <summary>From this size on a new file is begun.</summary>
    public const long LongestBytes = 8 << 20;

    /// <summary>How many earlier files stay: <c>ledger.1.jsonl</c> is the last one.</summary>
    public const int Earlier = 4;

    private const string Name = "ledger.jsonl";

    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    // It is held for a millisecond, but on a host that is busy beyond measure those who wait get their turn late.
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(30);

    public AbsolutePath Path { get; } = stateDir.Child(Name);

    /// <summary>All files that there may be, the oldest first.</summary>
    public static IReadOnlyList<AbsolutePath> FilesOf(AbsolutePath stateDir) =>
        [.. Enumerable.Range(1, Earlier).Reverse().Select(number => Numbered(stateDir, number)), stateDir.Child(Name)];

    /// <summary>Appends one line.</summary>
    /// <exception cref="HostFileException">The file system refused, or somebody holds the lock far too long.</exception>
    public async Task AppendAsync(LedgerEntry entry, CancellationToken cancellationToken)
    {
        using var held = await locks.TakeLedgerAsync(LockLimit, cancellationToken).ConfigureAwait(false)
            ?? throw new HostFileException($"the ledger {Path} cannot be written", new IOException("another process holds its lock"));
        try
        {
            Rotate();
            Append(entry.ToLine());
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the ledger {Path} cannot be written", e);
        }
    }

    private void Append(string line)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, BufferSize = 0, UnixCreateMode = Mode };
        using var stream = new FileStream(Path.Value, options);
        var end = stream.Length;
        var bytes = Encoding.UTF8.GetBytes(EndsInMidLine(stream) ? "\n" + line : line);
        stream.Seek(0, SeekOrigin.End);
        try
        {
            stream.Write(bytes);
        }
        catch
        {
            // A full disk took half of it.
            stream.SetLength(end);
            throw;
        }
    }

    private static bool EndsInMidLine(FileStream stream)
    {
        if (stream.Length == 0)
        {
            return false;
        }

        stream.Seek(-1, SeekOrigin.End);
        return stream.ReadByte() != '\n';
    }

    private void Rotate()
    {
        if (new FileInfo(Path.Value) is { Exists: true } file && file.Length >= longestBytes)
        {
            for (var number = Earlier; number > 0; number--)
            {
                var from = number == 1 ? Path : Numbered(stateDir, number - 1);
                if (File.Exists(from.Value))
                {
                    File.Move(from.Value, Numbered(stateDir, number).Value, overwrite: true);
                }
            }
        }
    }

    private static AbsolutePath Numbered(AbsolutePath stateDir, int number) => stateDir.Child(string.Create(CultureInfo.InvariantCulture, $"ledger.{number}.jsonl"));
}
