using System.Globalization;
using System.Net;

namespace VmExecutor.Core.Health;

/// <summary>Reads <c>/proc/net/tcp</c> and <c>/proc/net/tcp6</c> (proc(5)): which ports listen on the loopback.</summary>
public static class Listeners
{
    private const string Listening = "0A"; // TCP_LISTEN, include/net/tcp_states.h

    /// <summary>As <c>127.0.0.1:6379</c>, in the order of their ports.</summary>
    /// <param name="text">The whole file.</param>
    /// <param name="leftOut">Ports of which is known that they are harmless.</param>
    public static IReadOnlyList<string> OnLoopback(string text, IReadOnlySet<int> leftOut) =>
    [
        .. text.Split('\n').Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length > 3 && fields[3] == Listening)
            .Select(fields => Parse(fields[1])).OfType<IPEndPoint>()
            .Where(end => IPAddress.IsLoopback(end.Address) && !leftOut.Contains(end.Port))
            .OrderBy(end => end.Port)
            .Select(end => end.ToString()).Distinct(),
    ];

    /// <summary>Address and port in hexadecimal; the address in 32-bit words of the host's byte order, which is little on all that .NET runs on.</summary>
    private static IPEndPoint? Parse(string text)
    {
        if (text.Split(':') is not [{ Length: 8 or 32 } address, var port] || !int.TryParse(port, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        try
        {
            var bytes = Convert.FromHexString(address);
            for (var word = 0; word < bytes.Length; word += 4)
            {
                Array.Reverse(bytes, word, 4);
            }

            return new IPEndPoint(new IPAddress(bytes), number);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
