using System.Buffers;
using System.Text;
using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Guests;

/// <summary>
/// Reads one stream of a command in bounded memory: what comes before the begin marker is noise of the login shell, what comes behind it is
/// the answer.
/// </summary>
internal sealed class GuestAnswer(Stream stream, RunToken token)
{
    /// <summary>No command of the driver's answers with more.</summary>
    public const int Longest = 1 << 20;

    private readonly BeginMarkerScanner _begin = new(token);
    private readonly ArrayBufferWriter<byte> _text = new();

    /// <summary>True when the command has begun.</summary>
    public bool Began => _begin.Found;

    /// <summary>The text that the login shell printed before.</summary>
    public string Noise => _begin.Noise;

    /// <summary>The text that was read so far.</summary>
    public string Text
    {
        get
        {
            lock (_text)
            {
                return Encoding.UTF8.GetString(_text.WrittenSpan);
            }
        }
    }

    /// <summary>True when there was more than <see cref="Longest"/>, and the rest was dropped.</summary>
    public bool WasCut { get; private set; }

    /// <summary>Reads to the end; what is too long is dropped.</summary>
    public Task ReadAsync(CancellationToken cancellationToken) => ReadAsync(() => Task.CompletedTask, cancellationToken);

    /// <summary>Reads to the end; an answer that is too long fails.</summary>
    /// <exception cref="AnswerTooLongException">There is more.</exception>
    public Task ReadAllAsync(CancellationToken cancellationToken) =>
        ReadAsync(() => WasCut ? throw new AnswerTooLongException() : Task.CompletedTask, cancellationToken);

    /// <summary>As <see cref="ReadAllAsync"/>, and gives each line to <paramref name="take"/> when it is there.</summary>
    /// <exception cref="AnswerTooLongException">There is more.</exception>
    public async Task ReadLinesAsync(Func<string, Task> take, CancellationToken cancellationToken)
    {
        // No byte is looked at twice: a guest may send a line without end, byte by byte.
        var (taken, looked) = (0, 0);
        await ReadAsync(
            async () =>
            {
                int length;
                while ((length = Written(looked).IndexOf((byte)'\n')) >= 0)
                {
                    var line = Encoding.UTF8.GetString(Written(taken)[..(looked - taken + length)]);
                    taken = looked += length + 1;
                    await take(line.TrimEnd('\r')).ConfigureAwait(false);
                }

                looked = _text.WrittenCount;

                if (WasCut)
                {
                    throw new AnswerTooLongException();
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    private ReadOnlySpan<byte> Written(int from) => _text.WrittenSpan[from..];

    private async Task ReadAsync(Func<Task> look, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            Keep(buffer.AsSpan(0, count));
            await look().ConfigureAwait(false);
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        bytes = _begin.Feed(bytes);
        var room = Longest - _text.WrittenCount;
        WasCut |= bytes.Length > room;
        lock (_text)
        {
            _text.Write(bytes[..Math.Min(bytes.Length, room)]);
        }
    }
}

/// <summary>A command answered with more than any command of the driver's does.</summary>
internal sealed class AnswerTooLongException() : IOException($"more than {GuestAnswer.Longest >> 20} MiB");
