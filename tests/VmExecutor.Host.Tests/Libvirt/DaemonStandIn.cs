using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace VmExecutor.Host.Tests.Libvirt;

/// <summary>
/// A socket between a connection of ours and the real daemon. It can be mute (accept, and never answer) and it can be cut.
/// </summary>
internal sealed class DaemonStandIn : IAsyncDisposable
{
    private static readonly string[] RealSockets = ["/run/libvirt/virtqemud-sock", "/run/libvirt/libvirt-sock"];

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("vmx-test-");
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly ConcurrentBag<Socket> sockets = [];
    private readonly TaskCompletionSource connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource muted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task accepting = Task.CompletedTask;
    private int connections;

    public DaemonStandIn(bool listening = true)
    {
        if (listening)
        {
            Listen();
        }
    }

    public bool IsListening { get; private set; }

    public string Uri => $"qemu+unix:///system?socket={Path}";

    public bool Mute { get; set; }

    /// <summary>A text in a call, from which on it is mute: that call never reaches the daemon.</summary>
    public string? MuteAt { get; init; }

    /// <summary>Done when a call with that text has come.</summary>
    public Task Muted => muted.Task;

    public int Connections => connections;

    /// <summary>Done when the first connection has come.</summary>
    public Task Connected => connected.Task;

    private string Path => System.IO.Path.Combine(directory.FullName, "sock");

    public void Listen()
    {
        listener.Bind(new UnixDomainSocketEndPoint(Path));
        listener.Listen();
        IsListening = true;
        accepting = AcceptAsync();
    }

    /// <summary>Does to its clients what a restart of the daemon does.</summary>
    public void Cut()
    {
        while (sockets.TryTake(out var socket))
        {
            socket.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        await accepting;
        Cut();
        directory.Delete(recursive: true);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptAsync();
                sockets.Add(client);
                Interlocked.Increment(ref connections);
                connected.TrySetResult();
                if (!Mute)
                {
                    var daemon = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    sockets.Add(daemon);
                    await daemon.ConnectAsync(new UnixDomainSocketEndPoint(RealSockets.First(File.Exists)));
                    _ = CopyAsync(client, daemon);
                    _ = CopyAsync(daemon, client);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed at the end of the test.
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        try
        {
            var buffer = new byte[64 * 1024];
            while (await from.ReceiveAsync(buffer) is > 0 and var length)
            {
                Mute |= MuteAt is { } text && buffer.AsSpan(0, length).IndexOf(Encoding.ASCII.GetBytes(text)) >= 0;
                if (Mute)
                {
                    muted.TrySetResult();
                }
                else
                {
                    await to.SendAsync(buffer.AsMemory(0, length));
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut.
        }
    }
}
