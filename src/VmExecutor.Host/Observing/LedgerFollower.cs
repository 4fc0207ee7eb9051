using System.IO.Hashing;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Observing;

/// <summary>
/// Reads what is new in the ledger, also after its files got other names. A file keeps its first line when it gets another name, and that line is unique: its hash shows
/// where to go on. The caller holds the ledger's lock, so no process begins a new file meanwhile.
/// </summary>
internal static class LedgerFollower
{
    /// <param name="stateDir">The state directory.</param>
    /// <param name="last">The file that was read last, as it is known here; null: none was.</param>
    /// <param name="read">The number of its bytes that were read.</param>
    /// <param name="count">Takes each line that is new.</param>
    /// <param name="newest">So many of the new bytes are read at most: the last ones. The line that is cut at their beginning is none of the ledger.</param>
    /// <returns>The file and the number of bytes to go on from.</returns>
    /// <exception cref="HostFileException">A file cannot be read.</exception>
    public static (string? File, long Offset) Follow(AbsolutePath stateDir, string? last, long read, Action<LedgerEntry> count, long newest = long.MaxValue)
    {
        var files = LedgerFile.FilesOf(stateDir).Select(path => (Path: path, Id: Identify(path))).Where(file => file.Id is not null).ToList();

        // Where the last one is no longer there, all that are were begun after it.
        var first = Math.Max(0, files.FindIndex(file => file.Id == last));
        var parts = files.Skip(first).Select(file => (file.Path, file.Id, Begin: file.Id == last ? read : 0, Length: LengthOf(file.Path))).ToList();
        var beyond = parts.Sum(part => Math.Max(0, part.Length - part.Begin)) - newest;
        foreach (var (path, id, begin, length) in parts)
        {
            var skipped = Math.Clamp(beyond, 0, Math.Max(0, length - begin));
            beyond -= skipped;
            (last, read) = (id, Count(path, begin + skipped, count));
        }

        return (last, read);
    }

    /// <returns>How far the file was read: to the end of its last whole line.</returns>
    private static long Count(AbsolutePath path, long offset, Action<LedgerEntry> count)
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
                    count(entry);
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

    private static long LengthOf(AbsolutePath path)
    {
        using var stream = Open(path);
        return stream.Length;
    }

    private static FileStream Open(AbsolutePath path) => LedgerFile.OpenRead(path);
}
