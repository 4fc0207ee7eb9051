using System.Buffers.Binary;
using System.Net.Sockets;

namespace VmExecutor.Program.Tests;

/// <summary>
/// A libvirt daemon that has no domains, as far as its clients can tell: it answers each call of libvirt's protocol (https://libvirt.org/kbase/internals/rpc.html) with nothing. The end of a connection, and
/// its beginning, take as long as a test wants.
/// </summary>
internal sealed class LibvirtStandIn : IAsyncDisposable
{
    // remote_protocol.x: procedures, and the type and the status of an answer. A header has seven numbers: length, program, version, procedure, type, serial, status.
    private const int Header = 28;
    private const int Open = 1;
    private const int Close = 2;
    private const int SupportsFeature = 60;
    private const int AuthList = 66;
    private const int ListAllDomains = 273;

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _accepting;
    private int _ends;

    /// <param name="path">Of its socket.</param>
    public LibvirtStandIn(string path)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    /// <summary>The time that its answer takes to the end of a connection.</summary>
    public Func<TimeSpan> Closing { get; set; } = () => TimeSpan.Zero;

    /// <summary>The time that its answer takes to the beginning of one.</summary>
    public Func<TimeSpan> Opening { get; set; } = () => TimeSpan.Zero;

    /// <summary>The number of connections that were ended by their clients, and not by the end of their process.</summary>
    public int Ends => _ends;

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        var clients = new List<Task>();
        try
        {
            while (true)
            {
                clients.Add(AnswerAsync(await _listener.AcceptAsync(_ending.Token)));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The end of the test.
        }

        await Task.WhenAll(clients);
    }

    private async Task AnswerAsync(Socket client)
    {
        using var socket = client;
        using var stream = new NetworkStream(socket);
        var header = new byte[Header];
        try
        {
            while (true)
            {
                await stream.ReadExactlyAsync(header, _ending.Token);
                var rest = new byte[BinaryPrimitives.ReadInt32BigEndian(header) - Header];
                await stream.ReadExactlyAsync(rest, _ending.Token);
                var procedure = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(12));
                if (procedure == Close)
                {
                    Interlocked.Increment(ref _ends);
                }

                await Task.Delay(procedure switch { Close => Closing(), Open => Opening(), _ => TimeSpan.Zero }, _ending.Token);
                await stream.WriteAsync(Answer(header, procedure), _ending.Token);
            }
        }
        catch (Exception e) when (e is IOException or EndOfStreamException or OperationCanceledException)
        {
            // The client has gone, or the test ends.
        }
    }

    private static byte[] Answer(byte[] call, int procedure)
    {
        // One way to log in, without any; no feature; no array of domains, and none in it.
        int[] numbers = procedure switch { AuthList => [1, 0], SupportsFeature => [0], ListAllDomains => [0, 0], _ => [] };
        var answer = new byte[Header + (numbers.Length * sizeof(int))];
        call.CopyTo(answer, 0);
        BinaryPrimitives.WriteInt32BigEndian(answer, answer.Length);
        BinaryPrimitives.WriteInt32BigEndian(answer.AsSpan(16), 1);
        BinaryPrimitives.WriteInt32BigEndian(answer.AsSpan(24), 0);
        for (var i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(answer.AsSpan(Header + (i * sizeof(int))), numbers[i]);
        }

        return answer;
    }
}
