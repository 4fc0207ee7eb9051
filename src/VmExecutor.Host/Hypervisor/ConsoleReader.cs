using System.Text;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Hypervisor;

/// <summary>
/// Reads a guest's console as it was written into a file. A guest's output may steer the terminal that shows it, so only printable text
/// comes through unless the raw text is wanted. It may also be larger than the memory, so the text is never held as a whole.
/// </summary>
public sealed class ConsoleReader(AbsolutePath console, TextWriter output, TimeProvider time)
{
    /// <summary>The number of bytes before the end in which the last lines are looked for: a guest can write lines without end.</summary>
    public const long LookBack = 64L << 20;

    private const int BlockLength = 64 * 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(300);
    private readonly char[] _buffer = new char[16 * 1024];

    /// <param name="last">How many lines of what is there, as far as they are within <see cref="LookBack"/>: else "…" comes first. Null: all.</param>
    /// <param name="raw">Everything as the guest wrote it.</param>
    /// <param name="goesOn">Whether more may come; null: what is there is enough.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="HostFileException">There is no such file, or it is not ours to read.</exception>
    public async Task CopyAsync(int? last, bool raw, Func<CancellationToken, Task<bool>>? goesOn, CancellationToken cancellationToken)
    {
        try
        {
            using var file = HostFile.Open(console.Value, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (last is { } count)
            {
                file.Position = BeginningOfLast(file, count, out var isCut);
                Write(isCut ? "…\n" : "", raw);
            }

            using var reader = new StreamReader(file, new UTF8Encoding(false));
            var more = true;
            await new Poll(Timeout.InfiniteTimeSpan, Interval, time).UntilAsync(
                async token =>
                {
                    var isLast = !more;
                    Drain(reader, raw, token);
                    more = goesOn is not null && await goesOn(token).ConfigureAwait(false);

                    // What was written before it ended may have come after we looked.
                    return goesOn is null || isLast;
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the console {console} cannot be read", e);
        }
    }

    /// <summary>The place where the last lines begin, as tail(1) counts them: also a last one without an end.</summary>
    /// <param name="file">The console.</param>
    /// <param name="count">How many lines.</param>
    /// <param name="isCut">The first line begins further in front than is looked.</param>
    private static long BeginningOfLast(FileStream file, int count, out bool isCut)
    {
        var (end, block) = (file.Length, new byte[BlockLength]);
        var (first, position, ends) = (Math.Max(0, end - LookBack), end, 0);
        isCut = false;
        if (count == 0)
        {
            return end;
        }

        while (position > first)
        {
            var length = (int)Math.Min(block.Length, position - first);
            position -= length;
            file.Position = position;
            length = file.ReadAtLeast(block.AsSpan(0, length), length, throwOnEndOfStream: false);
            for (var at = block.AsSpan(0, length).LastIndexOf((byte)'\n'); at >= 0; at = block.AsSpan(0, at).LastIndexOf((byte)'\n'))
            {
                // The line end at the very end of the file begins no further line.
                ends += position + at + 1 == end ? 0 : 1;
                if (ends == count)
                {
                    return position + at + 1;
                }
            }
        }

        isCut = first > 0;
        return first;
    }

    private void Drain(StreamReader reader, bool raw, CancellationToken cancellationToken)
    {
        int count;
        while ((count = reader.Read(_buffer, 0, _buffer.Length)) > 0)
        {
            Write(new string(_buffer, 0, count), raw);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private void Write(string text, bool raw)
    {
        output.Write(raw ? text : new string([.. text.Where(c => c is '\n' or '\t' || !ConsoleTail.Steers(c))]));
        output.Flush();
    }
}
