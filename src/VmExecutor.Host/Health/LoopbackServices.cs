using System.Globalization;
using System.Net;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Health;

/// <summary>
/// Finds the services that listen on the host's loopback only, without the ports through which jobs' guests are reached.
/// </summary>
public static class LoopbackServices
{
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"]; // where IPv6 is switched off there is no tcp6
    private const string Listening = "0A"; // TCP_LISTEN, include/net/tcp_states.h

    /// <param name="stateDir">Whose jobs' ports are left out; null: not known.</param>
    public static IReadOnlyList<string> List(AbsolutePath? stateDir)
    {
        var forwards = stateDir is null ? [] : JobFolder.List(stateDir).Ours.Where(folder => !folder.IsHalf)
            .Select(folder => JobDirectory.Of(stateDir, folder.Key).Read()?.Guest?.Port).OfType<int>().ToHashSet();
        return [.. Tables.SelectMany(table => Parse(HostFile.TryReadAllText(table) ?? "", forwards))];
    }

    /// <summary>Reads such a table (proc(5)): as <c>127.0.0.1:6379</c>, in the order of their ports.</summary>
    /// <param name="text">The whole file.</param>
    /// <param name="leftOut">Ports of which is known that they are harmless.</param>
    internal static IReadOnlyList<string> Parse(string text, IReadOnlySet<int> leftOut) =>
    [
        .. text.Split('\n').Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length > 3 && fields[3] == Listening)
            .Select(fields => ParseEnd(fields[1])).OfType<IPEndPoint>()
            .Where(end => IPAddress.IsLoopback(end.Address) && !leftOut.Contains(end.Port))
            .OrderBy(end => end.Port)
            .Select(end => end.ToString()).Distinct(),
    ];

    /// <summary>Address and port in hexadecimal; the address in 32-bit words of the host's byte order, which is little on all that .NET runs on.</summary>
    private static IPEndPoint? ParseEnd(string text)
    {
        if (text.Split(':') is not [{ Length: 8 or 32 } address, var port] || !ushort.TryParse(port, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number))
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
