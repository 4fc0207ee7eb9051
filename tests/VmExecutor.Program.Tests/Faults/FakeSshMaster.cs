using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>
/// Stands in for the ssh master of a kept connection: a process that signals can stop, and a control socket that tells its id (OpenSSH's PROTOCOL.mux).
/// </summary>
internal sealed class FakeSshMaster : IDisposable
{
    private readonly Process _process = Process.Start("sleep", ["3600"]);
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public FakeSshMaster(string path)
    {
        File.Delete(path);
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        _socket.Listen();
        _ = ServeAsync();
    }

    /// <summary>True once a stop signal has taken effect, which on a busy machine is a moment after it was sent.</summary>
    public bool IsStopped => SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{_process.Id}/stat").Split(')')[1].Trim()[0] == 'T', TimeSpan.FromSeconds(5));

    public void Dispose()
    {
        _socket.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private async Task ServeAsync()
    {
        const uint Hello = 1;
        const uint Version = 4;
        const uint Alive = 0x80000005;
        const uint Request = 1;
        try
        {
            while (true)
            {
                using var client = await _socket.AcceptAsync();
                await using var stream = new NetworkStream(client);
                await SendAsync(stream, Hello, Version);

                // The client's greeting, and its question whether this process lives.
                for (var messages = 0; messages < 2; messages++)
                {
                    var length = new byte[sizeof(uint)];
                    await stream.ReadExactlyAsync(length);
                    await stream.ReadExactlyAsync(new byte[BinaryPrimitives.ReadUInt32BigEndian(length)]);
                }

                await SendAsync(stream, Alive, Request, (uint)_process.Id);
            }
        }
        catch (Exception closed) when (closed is SocketException or IOException or ObjectDisposedException)
        {
        }
    }

    private static async Task SendAsync(Stream stream, params uint[] numbers)
    {
        var message = new byte[(numbers.Length + 1) * sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(message, (uint)(numbers.Length * sizeof(uint)));
        for (var i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan((i + 1) * sizeof(uint)), numbers[i]);
        }

        await stream.WriteAsync(message);
    }
}
