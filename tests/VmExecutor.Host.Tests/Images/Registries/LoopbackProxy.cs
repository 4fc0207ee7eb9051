using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace VmExecutor.Host.Tests.Images.Registries;

/// <summary>A proxy on loopback that notes what it is asked for, and takes every connection to one port of loopback, whatever host is named.</summary>
internal sealed class LoopbackProxy(int target) : LoopbackFront
{
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly IPEndPoint _target = new(IPAddress.Loopback, target);

    public string Address => $"http://{Host}";

    /// <summary>The first lines of all requests so far.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    protected override async Task ServeAsync(string head, NetworkStream from)
    {
        _requests.Enqueue(head.Split('\r')[0]);
        using var server = new TcpClient();
        if (head.StartsWith("CONNECT ", StringComparison.Ordinal))
        {
            await server.ConnectAsync(_target, End);
            await from.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), End);
        }
        else
        {
            await SendAsync(server, _target, head);
        }

        var to = server.GetStream();
        await Task.WhenAny(from.CopyToAsync(to, End), to.CopyToAsync(from, End));
    }
}
