using System.Runtime.InteropServices;

namespace VmExecutor.Host.Files;

/// <summary>
/// A stream that writes to an open file by its number, as .NET's console streams do: a pipe without a reader takes everything, and what comes after that goes nowhere. But those change a terminal before the
/// first letter (keypad_xmit of terminfo(5), ESC [ ? 1 h), for keys that are read later, and never change it back.
/// </summary>
internal sealed class DescriptorStream(int number) : Stream
{
    private const int Interrupted = 4; // EINTR
    private const int TryAgain = 11; // EAGAIN
    private const int BrokenPipe = 32; // EPIPE
    private const short Writable = 4; // POLLOUT
    private const int ForEver = -1;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <exception cref="IOException">The system refused.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var written = Libc.Write(number, ref MemoryMarshal.GetReference(buffer), (nuint)buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    break;
                case TryAgain:
                    // Another program with the same terminal or pipe has made it non-blocking.
                    var wanted = new Libc.PollDescriptor { Descriptor = number, Events = Writable };
                    _ = Libc.Poll(ref wanted, 1, ForEver);
                    break;
                case BrokenPipe:
                    return;
                default:
                    throw Libc.Failure();
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
