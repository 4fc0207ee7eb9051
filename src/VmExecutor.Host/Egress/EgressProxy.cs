using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Firewall;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Egress;

/// <summary>
/// The only way out for a guest whose QEMU passes nothing on: a proxy for the time of a sub-stage, at a socket in the job's directory, to which the kept connection leads a port of the
/// guest's loopback. The guest that speaks there may be hostile: number, length and time of all that it sends are bounded.
/// </summary>
public sealed class EgressProxy : IAsyncDisposable
{
    /// <summary>More connections at once are refused.</summary>
    public const int MostConnections = 64;

    private const int Backlog = 128;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The pause after the kernel has refused a further connection: no descriptors are left, for example.</summary>
    private static readonly TimeSpan PauseAfterRefusal = TimeSpan.FromMilliseconds(100);

    private readonly Socket _listener;
    private readonly ProxyRules _rules;
    private readonly ProxyTally _tally;
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _connections = [];
    private readonly AbsolutePath _socket;
    private readonly ProxyLimits _limits;
    private readonly TimeProvider _time;
    private readonly Task _accepting;

    private EgressProxy(Socket listener, AbsolutePath socket, ProxyRules rules, ProxyLimits limits, TimeProvider time)
    {
        (_listener, _socket, _rules, _limits, _time) = (listener, socket, rules, limits, time);
        _tally = new ProxyTally(rules.Policy);
        _accepting = AcceptAsync();
    }

    /// <summary>Begins to listen. A socket that a killed sub-stage has left is replaced.</summary>
    /// <param name="socket">Its path.</param>
    /// <param name="rules">The decisions.</param>
    /// <param name="limits">The limits of a connection.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="HostFileException">The socket cannot be made.</exception>
    public static EgressProxy Start(AbsolutePath socket, ProxyRules rules, ProxyLimits limits, TimeProvider time)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            HostFile.Delete(socket.Value);

            // Its path may be too long for a socket's address (unix(7): 107 bytes).
            using var directory = PinnedFile.Hold(Path.GetDirectoryName(socket.Value)!);
            listener.Bind(new UnixDomainSocketEndPoint($"{directory.Link}/{Path.GetFileName(socket.Value)}"));
            HostFile.SetUnixFileMode(socket.Value, Private);
            listener.Listen(Backlog);
            return new EgressProxy(listener, socket, rules, limits, time);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            listener.Dispose();
            throw new HostFileException($"the socket of the egress proxy {socket} cannot be made", e);
        }
    }

    /// <summary>The addresses of this host that are closed to all guests.</summary>
    /// <param name="firewall">The host's services that guests may use all the same, and the networks that are closed to them.</param>
    public static ClosedAddresses ClosedOnHost(FirewallSettings firewall) => new(
        [.. NetworkInterface.GetAllNetworkInterfaces().SelectMany(one => one.GetIPProperties().UnicastAddresses).Select(one => WithoutScope(one.Address)).Distinct()],
        [.. firewall.Allow.Select(text => HostService.TryParse(text, out var service) ? service : null).OfType<HostService>()],
        [.. firewall.Forbid.Select(text => IPNetwork.TryParse(text, out var network) ? network : (IPNetwork?)null).OfType<IPNetwork>()]);

    /// <summary>The destinations that were asked for since the last call.</summary>
    public EgressNotes Take() => _tally.Take();

    /// <summary>Ends all connections, and removes the socket.</summary>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync().ConfigureAwait(false);
        _listener.Dispose();
        await _accepting.ConfigureAwait(false);
        Task[] connections;
        lock (_lock)
        {
            connections = [.. _connections];
        }

        await Task.WhenAll(connections).ConfigureAwait(false);
        HostFile.TryDelete(_socket.Value);
        _over.Dispose();
    }

    private static IPAddress WithoutScope(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? new IPAddress(address.GetAddressBytes()) : address;

    private async Task AcceptAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            try
            {
                Begin(await _listener.AcceptAsync(_over.Token).ConfigureAwait(false));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(PauseAfterRefusal, _time, _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Begin(Socket client)
    {
        lock (_lock)
        {
            if (_connections.Count >= MostConnections)
            {
                Refuse(client);
                return;
            }

            var connection = new ProxyConnection(client, _rules, _tally, _limits, _time).RunAsync(_over.Token);
            if (!connection.IsCompleted)
            {
                _connections.Add(connection);
                _ = ForgetAsync(connection);
            }
        }
    }

    /// <summary>Without waiting: the answer fits into the socket's buffer, or the client goes without.</summary>
    private static void Refuse(Socket client)
    {
        using (client)
        {
            try
            {
                client.Blocking = false;
                client.Send(ProxyAnswer.TooMany.ToBytes());
            }
            catch (SocketException)
            {
                // It has gone already.
            }
        }
    }

    private async Task ForgetAsync(Task connection)
    {
        await connection.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (_lock)
        {
            _connections.Remove(connection);
        }
    }
}
