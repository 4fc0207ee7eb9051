using System.Net;
using System.Net.Sockets;
using VmExecutor.Core.Egress;

namespace VmExecutor.Host.Egress;

/// <summary>One connection of a guest to the proxy: a request, the decisions, and bytes in both directions until both ends have said all. It ends without an exception, whatever comes.</summary>
internal sealed class ProxyConnection(Socket client, ProxyRules rules, ProxyTally tally, ProxyLimits limits, TimeProvider time)
{
    /// <summary>Addresses of one name that are tried.</summary>
    private const int MostAddresses = 4;

    private const int BufferBytes = 16 << 10;

    /// <summary>A client that goes on sending after a refusal would lose the answer with a reset connection.</summary>
    private const int MostUnread = 1 << 20;

    public async Task RunAsync(CancellationToken over)
    {
        using (client)
        {
            try
            {
                await ServeAsync(over).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The client or the destination has gone, the time is over, or the sub-stage.
            }
        }
    }

    private async Task ServeAsync(CancellationToken over)
    {
        var buffer = new byte[ProxyRequest.LongestHead];
        var (end, filled) = await ReadHeadAsync(buffer, over).ConfigureAwait(false);
        if (end is not { } behind)
        {
            if (filled == buffer.Length)
            {
                await AnswerAsync(ProxyAnswer.HeadTooLong, over).ConfigureAwait(false);
            }

            return;
        }

        var (request, refusal) = ProxyRequest.Read(buffer.AsSpan(0, behind));
        if (request is null)
        {
            await AnswerAsync(refusal!, over).ConfigureAwait(false);
            return;
        }

        var (server, answer) = await ReachAsync(request.Target, over).ConfigureAwait(false);
        if (server is null)
        {
            await AnswerAsync(answer!, over).ConfigureAwait(false);
            return;
        }

        using (server)
        {
            await PassOnAsync(request, server, buffer.AsMemory(behind, filled - behind), over).ConfigureAwait(false);
        }
    }

    private async Task<(int? End, int Filled)> ReadHeadAsync(byte[] buffer, CancellationToken over)
    {
        using var limit = Limit(limits.Head, over);
        var filled = 0;
        while (filled < buffer.Length)
        {
            var read = await client.ReceiveAsync(buffer.AsMemory(filled), limit.Token).ConfigureAwait(false);
            if (read == 0)
            {
                return (null, 0);
            }

            // The end may have begun in the part before.
            var from = Math.Max(0, filled - 3);
            filled += read;
            if (ProxyRequest.EndOfHead(buffer.AsSpan(from, filled - from)) is { } end)
            {
                return (from + end, filled);
            }
        }

        return (null, filled);
    }

    /// <summary>Connects to the destination where the policy allows it.</summary>
    private async Task<(Socket? Server, ProxyAnswer? Answer)> ReachAsync(ProxyTarget target, CancellationToken over)
    {
        if (rules.Refuses(target) is { } refused)
        {
            return (null, Refuse(refused));
        }

        using var limit = Limit(limits.Connect, over);
        try
        {
            IReadOnlyList<IPAddress> addresses;
            if (target.Address is { } written)
            {
                addresses = [ClosedAddresses.Plain(written)];
            }
            else
            {
                tally.Allowed(target.Name!);

                // The question of a resolver that hangs goes on; its answer is not waited for.
                (addresses, var closed) = rules.Open(target, await limits.Resolve(target.Name!, limit.Token).WaitAsync(limit.Token).ConfigureAwait(false));
                if (closed is not null)
                {
                    return (null, Refuse(closed));
                }
            }

            return (await ConnectAsync(addresses, target.Port, limit.Token).ConfigureAwait(false), null);
        }
        catch (SocketException e)
        {
            return (null, ProxyAnswer.Unreached(target, e.Message));
        }
        catch (ArgumentException e)
        {
            // A name that the resolver does not take.
            return (null, ProxyAnswer.Unreached(target, e.Message));
        }
        catch (OperationCanceledException) when (!over.IsCancellationRequested)
        {
            return (null, ProxyAnswer.Unreached(target, "it took too long"));
        }
    }

    private ProxyAnswer Refuse(string destination)
    {
        tally.Refused(destination);
        return ProxyAnswer.Refused(rules.Policy, destination);
    }

    private static async Task<Socket> ConnectAsync(IReadOnlyList<IPAddress> addresses, ushort port, CancellationToken cancellationToken)
    {
        SocketException failure = new((int)SocketError.HostNotFound);
        foreach (var address in addresses.Take(MostAddresses))
        {
            var server = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await server.ConnectAsync(new IPEndPoint(address, port), cancellationToken).ConfigureAwait(false);
                return server;
            }
            catch (SocketException e)
            {
                server.Dispose();
                failure = e;
            }
            catch (OperationCanceledException)
            {
                server.Dispose();
                throw;
            }
        }

        throw failure;
    }

    private async Task PassOnAsync(ProxyRequest request, Socket server, ReadOnlyMemory<byte> begun, CancellationToken over)
    {
        using var idle = Limit(limits.Idle, over);
        if (request.Head is { } head)
        {
            await SendAsync(server, head, idle).ConfigureAwait(false);
            using var answered = CancellationTokenSource.CreateLinkedTokenSource(idle.Token);
            var asking = CopyAsync(client, server, begun, request.BodyBytes, passEnd: false, idle, answered.Token);
            try
            {
                await CopyAsync(server, client, default, most: null, passEnd: true, idle, idle.Token).ConfigureAwait(false);
            }
            finally
            {
                await answered.CancelAsync().ConfigureAwait(false);
                await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            return;
        }

        await SendAsync(client, ProxyAnswer.Connected, idle).ConfigureAwait(false);
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(idle.Token);
        var there = EndAllAsync(CopyAsync(client, server, begun, most: null, passEnd: true, idle, broken.Token), broken);
        var back = EndAllAsync(CopyAsync(server, client, default, most: null, passEnd: true, idle, broken.Token), broken);
        await Task.WhenAll(there, back).ConfigureAwait(false);
    }

    /// <summary>A direction that breaks ends the other one as well; one that has ended does not.</summary>
    private static async Task EndAllAsync(Task direction, CancellationTokenSource all)
    {
        try
        {
            await direction.ConfigureAwait(false);
        }
        catch (Exception)
        {
            await all.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Copies one direction until its end.</summary>
    /// <param name="from">Where bytes come from.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="begun">Bytes that have come already.</param>
    /// <param name="most">No more than these; null: all.</param>
    /// <param name="passEnd">The receiver is told of the end.</param>
    /// <param name="idle">Begins anew with each byte.</param>
    /// <param name="cancellationToken">Ends it.</param>
    private async Task CopyAsync(Socket from, Socket to, ReadOnlyMemory<byte> begun, long? most, bool passEnd, CancellationTokenSource idle, CancellationToken cancellationToken)
    {
        var left = most ?? long.MaxValue;
        var first = begun[..(int)Math.Min(begun.Length, left)];
        if (first.Length > 0)
        {
            await SendAsync(to, first, idle).ConfigureAwait(false);
            left -= first.Length;
        }

        var buffer = new byte[BufferBytes];
        while (left > 0)
        {
            var read = await from.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                break;
            }

            await SendAsync(to, buffer.AsMemory(0, read), idle).ConfigureAwait(false);
            left -= read;
        }

        if (passEnd)
        {
            to.Shutdown(SocketShutdown.Send);
        }
    }

    private async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes, CancellationTokenSource idle)
    {
        while (bytes.Length > 0)
        {
            idle.CancelAfter(limits.Idle);
            bytes = bytes[await to.SendAsync(bytes, idle.Token).ConfigureAwait(false)..];
        }

        idle.CancelAfter(limits.Idle);
    }

    private async Task AnswerAsync(ProxyAnswer answer, CancellationToken over)
    {
        using var limit = Limit(limits.Answer, over);
        var bytes = answer.ToBytes().AsMemory();
        while (bytes.Length > 0)
        {
            bytes = bytes[await client.SendAsync(bytes, limit.Token).ConfigureAwait(false)..];
        }

        client.Shutdown(SocketShutdown.Send);
        var unread = new byte[BufferBytes];
        for (var total = 0; total < MostUnread && await client.ReceiveAsync(unread, limit.Token).ConfigureAwait(false) is > 0 and var read; total += read)
        {
        }
    }

    /// <summary>A source that ends with the sub-stage, or when the time is over by the clock.</summary>
    private CancellationTokenSource Limit(TimeSpan limit, CancellationToken over) => new LinkedLimit(limit, time, over);

    private sealed class LinkedLimit : CancellationTokenSource
    {
        private readonly CancellationTokenRegistration _over;

        public LinkedLimit(TimeSpan limit, TimeProvider time, CancellationToken over)
            : base(limit, time) => _over = over.UnsafeRegister(source => ((CancellationTokenSource)source!).Cancel(), this);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _over.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
