using System.Text;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Hypervisor;

/// <summary>
/// A guest's console as it was written into a file. What a guest writes may steer the terminal that shows it, so unless the raw text is
/// wanted, only what prints comes through.
/// </summary>
public sealed class ConsoleReader(AbsolutePath console, TextWriter output, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(300);
    private readonly char[] _buffer = new char[16 * 1024];

    /// <param name="last">How many lines of what is there; null: all.</param>
    /// <param name="raw">Everything as the guest wrote it.</param>
    /// <param name="goesOn">Whether more may come; null: what is there is enough.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="HostFileException">There is no such file, or it is not ours to read.</exception>
    public async Task CopyAsync(int? last, bool raw, Func<CancellationToken, Task<bool>>? goesOn, CancellationToken cancellationToken)
    {
        try
        {
            using var reader = new StreamReader(HostFile.Open(console.Value, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), new UTF8Encoding(false));
            if (last is { } count)
            {
                Write(Last(reader, count), raw);
            }

            var more = true;
            await new Poll(Timeout.InfiniteTimeSpan, Interval, time).UntilAsync(
                async token =>
                {
                    var isLast = !more;
                    Drain(reader, raw);
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

    private static string Last(StreamReader reader, int count)
    {
        var lines = new Queue<string>();
        foreach (var line in reader.ReadToEnd().Split('\n'))
        {
            lines.Enqueue(line);

            // The part after the last line's end counts as well, and is empty as a rule.
            if (lines.Count > count + 1)
            {
                lines.Dequeue();
            }
        }

        return string.Join('\n', lines);
    }

    private void Drain(StreamReader reader, bool raw)
    {
        int count;
        while ((count = reader.Read(_buffer, 0, _buffer.Length)) > 0)
        {
            Write(new string(_buffer, 0, count), raw);
        }
    }

    private void Write(string text, bool raw)
    {
        output.Write(raw ? text : new string([.. text.Where(c => c is '\n' or '\t' || !ConsoleTail.Steers(c))]));
        output.Flush();
    }
}
