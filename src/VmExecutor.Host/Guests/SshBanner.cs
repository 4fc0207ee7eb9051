using System.Net.Sockets;
using System.Text;
using Polly;
using Polly.Retry;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Guests;

/// <summary>
/// Waits for a guest's ssh server to speak. A port that takes connections proves nothing: QEMU's user network accepts before
/// the guest listens, then closes, or stays silent while its own attempt to reach the guest is retransmitted.
/// </summary>
internal sealed class SshBanner(TimeProvider clock)
{
    /// <summary>
    /// Long enough for a busy emulated server to answer, since a connection given up there was work for nothing; short enough that
    /// an attempt swallowed before the guest had a network card does not delay the next one by much.
    /// </summary>
    private static readonly TimeSpan PerTry = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Asks again until the server answers; the caller's deadline ends it.</summary>
    private ResiliencePipeline<string?> UntilItSpeaks => new ResiliencePipelineBuilder<string?> { TimeProvider = clock }
        .AddRetry(new RetryStrategyOptions<string?>
        {
            ShouldHandle = new PredicateBuilder<string?>().HandleResult(banner => banner is null),
            MaxRetryAttempts = int.MaxValue,
            Delay = Pause,
        })
        .Build();

    /// <summary>The server's greeting (<c>SSH-2.0-OpenSSH_9.2p1</c>).</summary>
    /// <param name="address">Where the server will be.</param>
    /// <param name="limit">How long to wait at most.</param>
    /// <param name="alive">Asked before each try; throws when waiting is in vain.</param>
    /// <param name="cancellationToken">The stage's.</param>
    /// <exception cref="SystemFailureException">The time is over (<see cref="ErrorCodes.GuestBootTimedOut"/>).</exception>
    public async Task<string> WaitAsync(GuestAddress address, TimeSpan limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(limit, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            var banner = await UntilItSpeaks.ExecuteAsync(
                async token =>
                {
                    await alive(token).ConfigureAwait(false);
                    return await TryReadAsync(address, token).ConfigureAwait(false);
                },
                stop.Token).ConfigureAwait(false);
            return banner!;
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new SystemFailureException(
                ErrorCodes.GuestBootTimedOut,
                $"the guest's ssh server at {address} did not answer within {DurationText.Format(limit)}",
                "Look at the guest's console log: does it boot, get its network and start an ssh server? Then raise timeouts.boot of the image.");
        }
    }

    private async Task<string?> TryReadAsync(GuestAddress address, CancellationToken cancellationToken)
    {
        using var tryOver = new CancellationTokenSource(PerTry, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, tryOver.Token);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, stop.Token).ConfigureAwait(false);
            await using var stream = new NetworkStream(socket);
            using var reader = new StreamReader(stream, Encoding.ASCII);

            // RFC 4253, 4.2: a server may send other lines before its version.
            string? line;
            do
            {
                line = await reader.ReadLineAsync(stop.Token).ConfigureAwait(false);
            }
            while (line is not null && !line.StartsWith("SSH-", StringComparison.Ordinal));

            return line;
        }
        catch (Exception failure) when (failure is SocketException or IOException)
        {
            return null;
        }
        catch (OperationCanceledException) when (tryOver.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
