using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Observing;

/// <summary>
/// Reads all that the ledger still has, without its lock. A reader may miss a file or see one twice in the moment in which a new one is
/// begun, which is good enough for counting.
/// </summary>
public static class LedgerReader
{
    /// <summary>The oldest first; what is no line of the ledger is left out.</summary>
    /// <exception cref="HostFileException">A file is there and cannot be read.</exception>
    public static IEnumerable<LedgerEntry> Read(AbsolutePath stateDir) =>
        LedgerFile.FilesOf(stateDir).SelectMany(Lines).Select(LedgerEntry.TryParse).OfType<LedgerEntry>();

    private static IEnumerable<string> Lines(AbsolutePath file)
    {
        using var stream = Open(file);
        foreach (var (begin, length) in stream is null ? [] : LedgerFile.Parts(0, stream.Length))
        {
            // The first line of a later part may be the end of one, which is no line of the ledger.
            stream!.Position = begin;
            var lines = new BoundedLines(stream, LedgerFile.LongestLine, length);
            while (ReadLine(lines, file) is { } line)
            {
                yield return line;
            }
        }
    }

    private static FileStream? Open(AbsolutePath file)
    {
        try
        {
            return LedgerFile.OpenRead(file);
        }
        catch (HostFileException e) when (e.IsMissing)
        {
            return null;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw Unreadable(file, e);
        }
    }

    private static string? ReadLine(BoundedLines lines, AbsolutePath file)
    {
        try
        {
            return lines.Next();
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw Unreadable(file, e);
        }
    }

    private static HostFileException Unreadable(AbsolutePath file, Exception reason) => new($"the ledger {file} cannot be read", reason);
}
