using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Guests;

/// <summary>
/// The ssh master behind a control socket, spoken to without an ssh process (OpenSSH's PROTOCOL.mux). Each message is its length, its kind and what
/// belongs to it, in 32-bit numbers, the highest byte first.
/// </summary>
internal sealed class ControlMaster(string path, TimeProvider clock)
{
    private const uint Hello = 0x1;
    private const uint Version = 4;
    private const uint AliveCheck = 0x10000004;
    private const uint Terminate = 0x10000005;
    private const uint OpenForward = 0x10000006;
    private const uint CloseForward = 0x10000007;
    private const uint Alive = 0x80000005;
    private const uint RemotePort = 0x80000007;

    /// <summary>A forward from the server's side to the client's (MUX_FWD_REMOTE), and the port that stands for a unix socket there (PORT_STREAMLOCAL).</summary>
    private const uint Remote = 2;
    private const uint UnixSocket = 0xfffffffe;
    private const int LongestMessage = 1 << 16;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(2);

    /// <summary>True when a living master serves the socket: it greets each client. The kernel takes connections also for a master that was killed a moment ago.</summary>
    public Task<bool> IsServedAsync(CancellationToken cancellationToken) => TryAsync((_, _) => Task.FromResult(true), cancellationToken);

    /// <summary>The master's process; null: none serves the socket.</summary>
    public async Task<RunnerProcess?> FindAsync(CancellationToken cancellationToken)
    {
        RunnerProcess? master = null;
        await TryAsync(async (stream, token) => (master = await AskAsync(stream, token).ConfigureAwait(false)) is not null, cancellationToken).ConfigureAwait(false);
        return master;
    }

    /// <summary>Ends the master with its connection, and waits until its process is gone. False: there was none, or it did not end in time.</summary>
    public async Task<bool> EndAsync(CancellationToken cancellationToken)
    {
        RunnerProcess? master = null;
        await TryAsync(
            async (stream, token) =>
            {
                if ((master = await AskAsync(stream, token).ConfigureAwait(false)) is not null)
                {
                    await SendAsync(stream, token, Terminate, 2).ConfigureAwait(false);
                    while (await stream.ReadAsync(new byte[sizeof(uint)], token).ConfigureAwait(false) > 0)
                    {
                    }
                }

                return true;
            },
            cancellationToken).ConfigureAwait(false);

        // The stream ends a moment before the process does.
        return master is not null
            && await new Poll(Limit, PollInterval, clock).UntilAsync(_ => Task.FromResult(!ProcessTable.Runs(master)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Has the server listen on a port of its loopback, any that is free, and leads connections there to a unix socket of the host.</summary>
    /// <param name="listen">The address.</param>
    /// <param name="socket">The socket's path; a relative one begins in the master's directory.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The port; or the reason why there is none.</returns>
    public async Task<(int? Port, string Why)> ForwardAsync(string listen, string socket, CancellationToken cancellationToken)
    {
        int? port = null;
        var why = "the kept connection does not answer";
        await TryAsync(
            async (stream, token) =>
            {
                await SendAsync(stream, token, Hello, Version).ConfigureAwait(false);
                await SendAsync(stream, Forward(OpenForward, listen, socket), token).ConfigureAwait(false);
                var answer = await ReceiveBytesAsync(stream, token).ConfigureAwait(false);
                var isPort = answer.Length == 3 * sizeof(uint) && BinaryPrimitives.ReadUInt32BigEndian(answer) == RemotePort;
                port = isPort ? (int)BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(2 * sizeof(uint))) : null;

                // A failure has its text behind its kind, the request's number and the text's length.
                why = answer.Length > 3 * sizeof(uint) ? Encoding.UTF8.GetString(answer.AsSpan(3 * sizeof(uint))) : "it gives no reason";
                return isPort;
            },
            cancellationToken).ConfigureAwait(false);
        return (port, why);
    }

    /// <summary>Ends such a forward; its open connections go on. One that is not there has ended.</summary>
    /// <inheritdoc cref="ForwardAsync" path="/param"/>
    public Task<bool> EndForwardAsync(string listen, string socket, CancellationToken cancellationToken) => TryAsync(
        async (stream, token) =>
        {
            await SendAsync(stream, token, Hello, Version).ConfigureAwait(false);
            await SendAsync(stream, Forward(CloseForward, listen, socket), token).ConfigureAwait(false);
            await ReceiveBytesAsync(stream, token).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <summary>Both requests are the same but for their kind; port 0 is any that is free.</summary>
    private static byte[] Forward(uint kind, string listen, string socket)
    {
        byte[] message = [.. Number(kind), .. Number(1), .. Number(Remote), .. Text(listen), .. Number(0), .. Text(socket), .. Number(UnixSocket)];
        return [.. Number((uint)message.Length), .. message];
    }

    private static byte[] Text(string text) => [.. Number((uint)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Number(uint number)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return bytes;
    }

    private static async Task<RunnerProcess?> AskAsync(Stream stream, CancellationToken cancellationToken)
    {
        await SendAsync(stream, cancellationToken, Hello, Version).ConfigureAwait(false);
        await SendAsync(stream, cancellationToken, AliveCheck, 1).ConfigureAwait(false);
        return await ReceiveAsync(stream, cancellationToken).ConfigureAwait(false) is [Alive, _, var id] ? ProcessTable.Describe((int)id) : null;
    }

    /// <summary>Does something with a master that has greeted; false as well when there is none, or it takes too long.</summary>
    private async Task<bool> TryAsync(Func<Stream, CancellationToken, Task<bool>> work, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(Limit, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // Its path may be too long for a socket's address (unix(7): 107 bytes).
            using var held = PinnedFile.Hold(path);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(held.Link), stop.Token).ConfigureAwait(false);
            await using var stream = new NetworkStream(socket);
            return await ReceiveAsync(stream, stop.Token).ConfigureAwait(false) is [Hello, ..] && await work(stream, stop.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is SocketException or IOException)
        {
            return false;
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private static Task SendAsync(Stream stream, CancellationToken cancellationToken, params uint[] numbers) =>
        SendAsync(stream, [.. Number((uint)(numbers.Length * sizeof(uint))), .. numbers.SelectMany(Number)], cancellationToken);

    private static async Task SendAsync(Stream stream, byte[] message, CancellationToken cancellationToken) => await stream.WriteAsync(message, cancellationToken).ConfigureAwait(false);

    /// <summary>The numbers of a message; what does not fill one at its end is left out.</summary>
    private static async Task<uint[]> ReceiveAsync(Stream stream, CancellationToken cancellationToken)
    {
        var message = await ReceiveBytesAsync(stream, cancellationToken).ConfigureAwait(false);
        return [.. Enumerable.Range(0, message.Length / sizeof(uint)).Select(i => BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(i * sizeof(uint))))];
    }

    private static async Task<byte[]> ReceiveBytesAsync(Stream stream, CancellationToken cancellationToken)
    {
        var length = new byte[sizeof(uint)];
        await stream.ReadExactlyAsync(length, cancellationToken).ConfigureAwait(false);
        var bytes = BinaryPrimitives.ReadUInt32BigEndian(length);
        if (bytes > LongestMessage)
        {
            throw new IOException($"an ssh master sent a message of {bytes} bytes");
        }

        var message = new byte[bytes];
        await stream.ReadExactlyAsync(message, cancellationToken).ConfigureAwait(false);
        return message;
    }
}
