using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace VmExecutor.Host.Tests.Images.Registries;

/// <summary>Takes connections on a port of loopback, in front of a server, until it is disposed. The end-to-end tests use this file, too.</summary>
internal abstract class LoopbackFront : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Task _accepting;

    protected LoopbackFront()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Address and port, for clients.</summary>
    public string Host => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Cancelled at the end.</summary>
    protected CancellationToken End => _end.Token;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _end.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Serves one request.</summary>
    /// <param name="head">Its head, up to the empty line.</param>
    /// <param name="from">The connection of the client.</param>
    protected abstract Task ServeAsync(string head, NetworkStream from);

    /// <summary>Connects to the server and sends it the head, so that it ends the connection after its answer: then the next request's head is seen, too.</summary>
    protected async Task SendAsync(TcpClient server, IPEndPoint address, string head)
    {
        await server.ConnectAsync(address, End);
        var line = head.IndexOf("\r\n", StringComparison.Ordinal);
        await server.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"{head[..line]}\r\nConnection: close{head[line..]}"), End);
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
            {
                open.Add(TakeAsync(await _listener.AcceptTcpClientAsync(End)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task TakeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                var from = client.GetStream();
                if (await ReadHeadAsync(from) is { Length: > 0 } head)
                {
                    await ServeAsync(head, from);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            // The end of the test, or of a connection.
        }
    }

    /// <summary>Empty: the client has ended in the middle of it, or tries TLS first, as skopeo does, and waits for a refusal.</summary>
    private async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, End) == 0 || (head.Length == 0 && !char.IsAsciiLetterUpper((char)one[0])))
            {
                return "";
            }

            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
