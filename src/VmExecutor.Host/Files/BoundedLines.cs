using System.Buffers;

namespace VmExecutor.Host.Files;

/// <summary>The lines of a stream, one after the other, in bounded memory: a line that is too long is left out, or is the end.</summary>
/// <param name="stream">Where the lines come from; it is not closed.</param>
/// <param name="longest">How many bytes a line has at most, without its end.</param>
/// <param name="most">How many bytes of the stream are read at most; behind them it counts as over.</param>
public sealed class BoundedLines(Stream stream, int longest, long most = long.MaxValue)
{
    private readonly byte[] _block = new byte[Math.Min(longest + 1, 16 * 1024)];
    private readonly ArrayBufferWriter<byte> _line = new();
    private long _left = most;
    private int _from;
    private int _to;

    /// <summary>The length in bytes of all lines that were read to their end.</summary>
    public long WholeBytes { get; private set; }

    /// <summary>True: the last line that was read has an end; the stream's last may have none.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>The next line without its end; empty where it was too long. Null: the stream is over.</summary>
    public string? Next()
    {
        var length = 0L;
        while (true)
        {
            if (_from == _to)
            {
                (_from, _to) = (0, stream.Read(_block, 0, Room()));
                _left -= _to;
            }

            if (Take(ref length) is { } line)
            {
                return line.Length == 0 && length == 0 && !IsWhole ? null : line;
            }
        }
    }

    /// <summary>The next line without its end. Null: the stream is over.</summary>
    /// <exception cref="IOException">The line is too long; what comes behind it is not read.</exception>
    public async Task<string?> NextAsync(CancellationToken cancellationToken)
    {
        var length = 0L;
        while (true)
        {
            if (_from == _to)
            {
                (_from, _to) = (0, await stream.ReadAsync(_block.AsMemory(0, Room()), cancellationToken).ConfigureAwait(false));
                _left -= _to;
            }

            var line = Take(ref length);
            if (length > longest)
            {
                throw new FileTooLargeException(null, longest);
            }

            if (line is not null)
            {
                return line.Length == 0 && length == 0 && !IsWhole ? null : line;
            }
        }
    }

    private int Room() => (int)Math.Min(_block.Length, _left);

    /// <summary>Goes on with what is read; null: the line goes on.</summary>
    private string? Take(ref long length)
    {
        var read = _block.AsSpan(_from, _to - _from);
        var end = read.IndexOf((byte)'\n');
        var part = end < 0 ? read : read[..end];
        length += part.Length;
        if (length <= longest)
        {
            _line.Write(part);
        }

        IsWhole = end >= 0;
        _from += part.Length + (IsWhole ? 1 : 0);
        if (!IsWhole && !read.IsEmpty)
        {
            return null;
        }

        WholeBytes += IsWhole ? length + 1 : 0;
        var line = length > longest ? "" : BoundedText.Decode(_line.WrittenSpan).TrimEnd('\r');
        _line.ResetWrittenCount();
        return line;
    }
}
