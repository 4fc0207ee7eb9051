using System.Buffers;
using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Guests;

/// <summary>
/// Hands one stream of a script on as it comes, at the reader's pace and in constant memory, from the begin marker up to the end marker. What the
/// login shell's start-up files print before is not the script's.
/// </summary>
internal sealed class OutputRelay(Stream from, Stream to, RunToken token)
{
    private const int BufferSize = 64 * 1024;
    private readonly BeginMarkerScanner _begin = new(token);

    /// <summary>Whether the wrapper has begun.</summary>
    public bool Began => _begin.Found;

    /// <summary>What was printed before, the first of it.</summary>
    public string Noise => _begin.Noise;

    /// <summary>The status in the end marker; null when the stream ended without one.</summary>
    /// <exception cref="OutputClosedException">Nobody reads the output any more.</exception>
    public async Task<int?> RunAsync()
    {
        var scanner = new EndMarkerScanner(token);
        var buffer = new byte[BufferSize];
        var forward = new ArrayBufferWriter<byte>(BufferSize);
        while (scanner.Status is null)
        {
            var count = await ReadAsync(buffer).ConfigureAwait(false);
            scanner.Feed(_begin.Feed(buffer.AsSpan(0, count)), forward);
            if (count == 0)
            {
                scanner.Release(forward);
            }

            await ForwardAsync(forward).ConfigureAwait(false);
            if (count == 0)
            {
                break;
            }
        }

        return scanner.Status;
    }

    private async Task<int> ReadAsync(byte[] buffer)
    {
        try
        {
            return await from.ReadAsync(buffer).ConfigureAwait(false);
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            return 0;
        }
    }

    private async Task ForwardAsync(ArrayBufferWriter<byte> forward)
    {
        if (forward.WrittenCount == 0)
        {
            return;
        }

        try
        {
            await to.WriteAsync(forward.WrittenMemory).ConfigureAwait(false);
            await to.FlushAsync().ConfigureAwait(false);
        }
        catch (IOException closed)
        {
            throw new OutputClosedException(closed);
        }

        forward.ResetWrittenCount();
    }
}
