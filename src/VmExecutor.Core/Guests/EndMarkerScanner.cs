using System.Buffers;
using System.Text;

namespace VmExecutor.Core.Guests;

/// <summary>
/// Finds the end of a script's output in a stream that may go on. The wrapper writes NUL, token, space, status, newline after the
/// script's last byte (see <see cref="ScriptWrapper"/>). All bytes before the marker are forwarded at once, except those that may be the
/// beginning of a marker. All bytes after it are dropped: background processes wrote them after the script's end.
/// </summary>
public sealed class EndMarkerScanner
{
    private const int MaxDigits = 3;
    private readonly byte[] head;
    private readonly byte[] held;
    private int heldCount;

    public EndMarkerScanner(RunToken token)
    {
        head = [0, .. Encoding.ASCII.GetBytes(token.Value), (byte)' '];
        held = new byte[head.Length + MaxDigits];
    }

    /// <summary>The status in the marker; null until it was seen.</summary>
    public int? Status { get; private set; }

    /// <summary>Takes the next bytes and writes those to <paramref name="output"/> that are certainly not part of the marker.</summary>
    public void Feed(ReadOnlySpan<byte> input, IBufferWriter<byte> output)
    {
        while (!input.IsEmpty && Status is null)
        {
            if (heldCount == 0)
            {
                var start = input.IndexOf((byte)0);
                var plain = start < 0 ? input.Length : start;
                output.Write(input[..plain]);
                input = input[plain..];
                if (input.IsEmpty)
                {
                    return;
                }
            }

            // Only the marker's first byte is NUL, so after a mismatch no held byte but the current one can start another.
            if (TryHold(input[0]))
            {
                input = input[1..];
            }
            else
            {
                Release(output);
            }
        }
    }

    /// <summary>At the stream's end: an unfinished marker was none.</summary>
    public void Release(IBufferWriter<byte> output)
    {
        output.Write(held.AsSpan(0, heldCount));
        heldCount = 0;
    }

    private bool TryHold(byte next)
    {
        var digits = heldCount - head.Length;
        if (next == '\n' && digits > 0)
        {
            Status = int.Parse(held.AsSpan(head.Length, digits), System.Globalization.NumberStyles.None, null);
            heldCount = 0;
            return true;
        }

        var fits = digits < 0 ? next == head[heldCount] : digits < MaxDigits && char.IsAsciiDigit((char)next);
        if (fits)
        {
            held[heldCount++] = next;
        }

        return fits;
    }
}
