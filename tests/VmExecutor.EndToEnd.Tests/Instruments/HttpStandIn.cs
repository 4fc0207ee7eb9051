using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>A web server on loopback that notes the first request and answers it with 200 and an empty object.</summary>
internal sealed class HttpStandIn : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public HttpStandIn() => _listener.Start();

    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <returns>Head and body.</returns>
    public async Task<string> TakeAsync(CancellationToken cancellationToken)
    {
        using var client = await _listener.AcceptTcpClientAsync(cancellationToken);
        await using var stream = client.GetStream();
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!IsWhole(text.ToString()))
        {
            var read = await stream.ReadAsync(buffer, cancellationToken);
            if (read == 0)
            {
                break;
            }

            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"u8.ToArray(), cancellationToken);
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private static bool IsWhole(string text)
    {
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var length = text.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase));
        return end >= 0 && Encoding.UTF8.GetByteCount(text[(end + 4)..]) >= (length is null ? 0 : int.Parse(length.Split(' ')[1], CultureInfo.InvariantCulture));
    }
}
