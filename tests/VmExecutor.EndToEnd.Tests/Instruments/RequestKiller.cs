using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using VmExecutor.Host.Tests.Images.Registries;

namespace VmExecutor.EndToEnd.Tests.Instruments;

/// <summary>
/// Stands on loopback in front of a registry, and kills the process that asks: at the first request of a kind, which the registry then does not get, or in the middle of what a
/// request sends or gets.
/// </summary>
/// <param name="registry">Address and port.</param>
internal sealed partial class RequestKiller(string registry) : LoopbackFront
{
    private const string Middle = ", in the middle";
    private const int Begun = 64 << 10;
    private readonly ConcurrentQueue<string> _kinds = new();
    private readonly IPEndPoint _registry = IPEndPoint.Parse(registry);
    private Trap? _trap;

    /// <summary>The kinds of all requests so far, each once, in their order.</summary>
    public IReadOnlyList<string> Kinds => [.. _kinds.Distinct()];

    /// <summary>From now on the first request of that kind kills; only the first.</summary>
    /// <param name="kind">Of <see cref="Kinds"/>.</param>
    /// <param name="kill">Returns when the signal was sent.</param>
    public void Arm(string kind, Func<Task> kill) => _trap = new Trap(kind, kill);

    protected override async Task ServeAsync(string head, NetworkStream from)
    {
        var kind = KindOf(head[..head.LastIndexOf(' ', head.IndexOf("\r\n", StringComparison.Ordinal))]);
        if (await KillsAsync(kind))
        {
            return;
        }

        using var server = new TcpClient();
        await SendAsync(server, _registry, head);
        var to = server.GetStream();
        await await Task.WhenAny(CopyAsync(from, to, kind), CopyAsync(to, from, kind));
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, string kind)
    {
        var (buffer, moved) = (new byte[16 << 10], 0L);
        int read;
        while ((read = await from.ReadAsync(buffer, End)) > 0)
        {
            if (moved < Begun && moved + read >= Begun && await KillsAsync(kind + Middle))
            {
                return;
            }

            await to.WriteAsync(buffer.AsMemory(0, read), End);
            moved += read;
        }
    }

    /// <summary>Notes the kind, and kills if it is the one.</summary>
    private async Task<bool> KillsAsync(string kind)
    {
        _kinds.Enqueue(kind);
        if (_trap is not { } trap || trap.Kind != kind || Interlocked.CompareExchange(ref _trap, null, trap) != trap)
        {
            return false;
        }

        await trap.Kill();
        return true;
    }

    private static string KindOf(string request) => Digests().Replace(Uploads().Replace(request, "/uploads/*"), "sha256:*");

    private sealed record Trap(string Kind, Func<Task> Kill);

    [GeneratedRegex("/uploads/[^ ]*")]
    private static partial Regex Uploads();

    [GeneratedRegex("sha256:[0-9a-f]{64}")]
    private static partial Regex Digests();
}
