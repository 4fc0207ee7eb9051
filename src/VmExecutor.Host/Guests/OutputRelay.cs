using System.Buffers;
using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Guests;

/// <summary>Hands one stream of a script on as it comes, at the reader's pace and in constant memory, up to the end marker.</summary>
internal static class OutputRelay
{
    private const int BufferSize = 64 * 1024;

    /// <summary>The status in the end marker; null when the stream ended without one.</summary>
    /// <exception cref="OutputClosedException">Nobody reads <paramref name="to"/> any more.</exception>
    public static async Task<int?> RunAsync(Stream from, Stream to, RunToken token)
    {
        var scanner = new EndMarkerScanner(token);
        var buffer = new byte[BufferSize];
        var forward = new ArrayBufferWriter<byte>(BufferSize);
        while (scanner.Status is null)
        {
            var count = await ReadAsync(from, buffer).ConfigureAwait(false);
            scanner.Feed(buffer.AsSpan(0, count), forward);
            if (count == 0)
            {
                scanner.Release(forward);
            }

            await ForwardAsync(forward, to).ConfigureAwait(false);
            if (count == 0)
            {
                break;
            }
        }

        return scanner.Status;
    }

    private static async Task<int> ReadAsync(Stream from, byte[] buffer)
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

    private static async Task ForwardAsync(ArrayBufferWriter<byte> forward, Stream to)
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
