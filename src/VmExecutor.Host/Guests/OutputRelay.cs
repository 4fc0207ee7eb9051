using System.Buffers;
using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Guests;

/// <summary>
/// Passes one stream of a script on as it comes, at the reader's pace and in constant memory, from the begin marker up to the end marker.
/// Text that the login shell's start-up files print before is left out. The script's path becomes its name
/// (<see cref="ScriptNameScanner"/>).
/// </summary>
internal sealed class OutputRelay(Stream from, Stream to, RunToken token, string name, TimeProvider clock)
{
    private const int BufferSize = 64 * 1024;

    /// <summary>
    /// The time that output which ends like the beginning of the path waits for its rest: a shell writes a message at once.
    /// </summary>
    private static readonly TimeSpan LongestHold = TimeSpan.FromMilliseconds(100);

    private readonly BeginMarkerScanner _begin = new(token, hasFact: true);
    private readonly ArrayBufferWriter<byte> _output = new(BufferSize);
    private readonly ArrayBufferWriter<byte> _forward = new(BufferSize);
    private ScriptNameScanner? _names;

    /// <summary>True when the wrapper has begun.</summary>
    public bool Began => _begin.Found;

    /// <summary>The first part of the text that was printed before.</summary>
    public string Noise => _begin.Noise;

    /// <summary>The most memory that the guest says it used, by the end marker; null: it does not say.</summary>
    public long? PeakBytes { get; private set; }

    /// <summary>The status in the end marker; null when the stream ended without one.</summary>
    /// <exception cref="OutputClosedException">The reader of the output is gone.</exception>
    public async Task<int?> RunAsync()
    {
        var end = new EndMarkerScanner(token);
        var buffer = new byte[BufferSize];
        var count = -1;
        while (end.Status is null && count != 0)
        {
            count = await ReadOrReleaseAsync(buffer).ConfigureAwait(false);
            end.Feed(_begin.Feed(buffer.AsSpan(0, count)), _output);
            if (count == 0)
            {
                end.Release(_output);
            }

            Name();
            if (count == 0 || end.Status is not null)
            {
                _names?.Release(_forward);
            }

            await ForwardAsync().ConfigureAwait(false);
        }

        PeakBytes = end.PeakBytes;
        return end.Status;
    }

    private void Name()
    {
        if (_names is null && !_begin.Fact.IsEmpty)
        {
            _names = new ScriptNameScanner(_begin.Fact, name);
        }

        if (_names is null)
        {
            _forward.Write(_output.WrittenSpan);
        }
        else
        {
            _names.Feed(_output.WrittenSpan, _forward);
        }

        _output.ResetWrittenCount();
    }

    /// <summary>Reads on. What is held is forwarded when nothing comes soon.</summary>
    private async Task<int> ReadOrReleaseAsync(byte[] buffer)
    {
        var reading = ReadAsync(buffer);
        if (_names is { IsHolding: true } names && !reading.IsCompleted)
        {
            using var read = new CancellationTokenSource();
            var patience = Task.Delay(LongestHold, clock, read.Token);
            if (await Task.WhenAny(reading, patience).ConfigureAwait(false) == patience)
            {
                names.Release(_forward);
                await ForwardAsync().ConfigureAwait(false);
            }

            await read.CancelAsync().ConfigureAwait(false);
        }

        return await reading.ConfigureAwait(false);
    }

    private async Task<int> ReadAsync(byte[] buffer)
    {
        try
        {
            return await from.ReadAsync(buffer).ConfigureAwait(false);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private async Task ForwardAsync()
    {
        if (_forward.WrittenCount == 0)
        {
            return;
        }

        try
        {
            await to.WriteAsync(_forward.WrittenMemory).ConfigureAwait(false);
            await to.FlushAsync().ConfigureAwait(false);
        }
        catch (IOException closed)
        {
            throw new OutputClosedException(closed);
        }

        _forward.ResetWrittenCount();
    }
}
