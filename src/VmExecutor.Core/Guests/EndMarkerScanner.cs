using System.Buffers;
using System.Globalization;
using System.Text;

namespace VmExecutor.Core.Guests;

/// <summary>
/// Finds the end of a script's output in a stream that may go on. The wrapper writes NUL, token, space, status, newline after the
/// script's last byte (see <see cref="ScriptWrapper"/>); after the status there may be a space and the guest's memory at its most, in KiB. All bytes before the marker are forwarded at once, except those that may be the
/// beginning of a marker. All bytes after it are dropped: background processes wrote them after the script's end.
/// </summary>
public sealed class EndMarkerScanner
{
    private const int MaxDigits = 3;
    private readonly byte[] head;
    private readonly byte[] held;
    private int heldCount;

    /// <summary>The end of the status in what is held, where a space follows it; 0: no space was seen.</summary>
    private int statusEnd;

    public EndMarkerScanner(RunToken token)
    {
        head = [0, .. Encoding.ASCII.GetBytes(token.Value), (byte)' '];
        held = new byte[head.Length + MaxDigits + 1 + ScriptWrapper.MemoryDigits];
    }

    /// <summary>The status in the marker; null until it was seen.</summary>
    public int? Status { get; private set; }

    /// <summary>The most memory that the guest says it used, in bytes; null: the marker has none.</summary>
    public long? PeakBytes { get; private set; }

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
        statusEnd = 0;
    }

    private bool TryHold(byte next)
    {
        var digits = heldCount - (statusEnd == 0 ? head.Length : statusEnd + 1);
        if (next == '\n' && digits > 0)
        {
            var text = held.AsSpan(head.Length, heldCount - head.Length);
            var end = statusEnd == 0 ? text.Length : statusEnd - head.Length;
            Status = int.Parse(text[..end], NumberStyles.None, CultureInfo.InvariantCulture);
            PeakBytes = statusEnd == 0 ? null : long.Parse(text[(end + 1)..], NumberStyles.None, CultureInfo.InvariantCulture) * 1024;
            heldCount = 0;
            return true;
        }

        var fits = digits < 0 ? next == head[heldCount] : digits < (statusEnd == 0 ? MaxDigits : ScriptWrapper.MemoryDigits) && char.IsAsciiDigit((char)next);
        if (!fits && next == ' ' && digits > 0 && statusEnd == 0)
        {
            statusEnd = heldCount;
            fits = true;
        }

        if (fits)
        {
            held[heldCount++] = next;
        }

        return fits;
    }
}
