using System.Buffers;
using System.Text;

namespace VmExecutor.Core.Guests;

/// <summary>
/// Finds the beginning of a command's output. A login shell may print before it runs the command (<c>.bashrc</c>, <c>.cshrc</c>,
/// <c>config.fish</c>, <c>sshrc</c>); so each command of the driver first prints a marker that starts with NUL (see <see cref="RemoteCommand"/>).
/// All before the marker is dropped but for a piece that is kept as evidence.
/// </summary>
/// <param name="token">The command's.</param>
/// <param name="hasFact">A text up to a NUL follows the marker, and the command's output comes behind it.</param>
public sealed class BeginMarkerScanner(RunToken token, bool hasFact = false)
{
    private const int LongestNoise = 4096;

    /// <summary>No path is longer in Linux.</summary>
    private const int LongestFact = 4096;
    private readonly byte[] _marker = [0, .. Encoding.ASCII.GetBytes($"{RemoteCommand.BeginWord}{token}\n")];
    private readonly ArrayBufferWriter<byte> _noise = new();
    private readonly ArrayBufferWriter<byte> _fact = new();
    private int _matched;
    private bool _factEnded = !hasFact;

    /// <summary>True when the marker was seen.</summary>
    public bool Found => _matched == _marker.Length;

    /// <summary>The text behind the marker; empty: it has not come whole, or is longer than any path.</summary>
    public ReadOnlySpan<byte> Fact => _factEnded && _fact.WrittenCount <= LongestFact ? _fact.WrittenSpan : [];

    /// <summary>The first 4 KiB of what came before the marker; all of it when there was no marker.</summary>
    public string Noise => Encoding.UTF8.GetString(_noise.WrittenSpan);

    /// <summary>Takes the next bytes.</summary>
    /// <returns>Those of the command's output.</returns>
    public ReadOnlySpan<byte> Feed(ReadOnlySpan<byte> input)
    {
        while (!Found && !input.IsEmpty)
        {
            if (_matched == 0)
            {
                var start = input.IndexOf(_marker[0]);
                Keep(start < 0 ? input : input[..start]);
                input = start < 0 ? [] : input[start..];
                if (input.IsEmpty)
                {
                    return [];
                }
            }

            // Only the marker's first byte is NUL, so after a mismatch no byte but the current one can start another.
            if (input[0] == _marker[_matched])
            {
                _matched++;
                input = input[1..];
            }
            else
            {
                Keep(_marker.AsSpan(0, _matched));
                _matched = 0;
            }
        }

        if (Found && !_factEnded)
        {
            var end = input.IndexOf((byte)0);
            var piece = end < 0 ? input : input[..end];
            _fact.Write(piece[..Math.Min(piece.Length, LongestFact + 1 - _fact.WrittenCount)]);
            _factEnded = end >= 0;
            input = end < 0 ? [] : input[(end + 1)..];
        }

        return input;
    }

    private void Keep(ReadOnlySpan<byte> noise) => _noise.Write(noise[..Math.Min(noise.Length, LongestNoise - _noise.WrittenCount)]);
}
