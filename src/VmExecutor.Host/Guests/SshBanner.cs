using System.Net.Sockets;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Guests;

/// <summary>
/// Waits for a guest's ssh server to speak. A port that takes connections proves nothing: QEMU's user network accepts before
/// the guest listens, then closes, or stays silent while it repeats its own attempt to reach the guest at growing intervals.
/// Measured with a guest that listens 2.6 s after power on: one patient try sees it after 11 s, since its attempts grow rare. Tries of
/// 0.5 s see it after two minutes, since a busy emulated server needs longer to answer, and each try given up is more work for it. Tries
/// that overlap see it at once. So new tries start while the earlier ones stay open, as <see cref="ConnectPace"/> says.
/// </summary>
internal sealed class SshBanner(ConnectPace pace, TimeProvider clock)
{
    // As OpenSSH's client has it (SSH_MAX_BANNER_LEN, SSH_MAX_PRE_BANNER_LINES): no login works with more.
    private const int LongestLine = 8192;
    private const int MostLinesBefore = 1024;

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    // A little longer than QEMU's user network repeats the first packet to a guest that does not answer.
    private static readonly TimeSpan PerTry = TimeSpan.FromSeconds(80);
    private static readonly TimeSpan GivenUpByQemu = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    /// <summary>The server's greeting (<c>SSH-2.0-OpenSSH_9.2p1</c>).</summary>
    /// <param name="address">The address of the server.</param>
    /// <param name="limit">The time limit, and the log for the waits that do not count.</param>
    /// <param name="alive">Asked before each try; throws when waiting is in vain.</param>
    /// <param name="cancellationToken">The stage's.</param>
    /// <exception cref="SystemFailureException">The time is over (<see cref="ErrorCodes.GuestBootTimedOut"/>).</exception>
    public async Task<string> WaitAsync(GuestAddress address, WaitLimit limit, Func<CancellationToken, Task> alive, CancellationToken cancellationToken)
    {
        using var deadline = new GuestDeadline(limit, address, pace, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await AskAsync(address, deadline, alive, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (deadline.IsOver && !cancellationToken.IsCancellationRequested)
        {
            throw new SystemFailureException(
                ErrorCodes.GuestBootTimedOut,
                $"the guest's ssh server at {address} did not answer within {DurationText.Format(limit.Time)}",
                pace.SeemsLimited(address) ? $"Its network had answered before. {SshFailures.LimitedHint}"
                    : "Look at the guest's console log: does it boot, get its network and start an ssh server? Then raise timeouts.boot of the image.");
        }
    }

    private async Task<string> AskAsync(GuestAddress address, GuestDeadline deadline, Func<CancellationToken, Task> alive, CancellationToken cancellationToken)
    {
        using var answered = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var open = new List<Task<string?>>();
        try
        {
            while (true)
            {
                await alive(cancellationToken).ConfigureAwait(false);
                deadline.Look();
                if (pace.Left(address) == TimeSpan.Zero)
                {
                    open.Add(TryAsync(address, answered.Token));
                }

                var tick = Task.Delay(Tick, clock, cancellationToken);
                await Task.WhenAny(open.Append(tick)).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                foreach (var done in open.FindAll(attempt => attempt.IsCompleted))
                {
                    if (await done.ConfigureAwait(false) is { } banner)
                    {
                        return banner;
                    }

                    open.Remove(done);
                }

                await tick.ConfigureAwait(false);
            }
        }
        finally
        {
            await answered.CancelAsync().ConfigureAwait(false);
            await ((Task)Task.WhenAll(open)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <returns>The greeting; null: there was none.</returns>
    private async Task<string?> TryAsync(GuestAddress address, CancellationToken cancellationToken)
    {
        var attempt = pace.Start(address);
        var end = ConnectEnd.Other;
        try
        {
            (var banner, end) = await ReadAsync(address, attempt, cancellationToken).ConfigureAwait(false);
            return banner;
        }
        finally
        {
            pace.End(attempt, end);
        }
    }

    private async Task<(string? Banner, ConnectEnd End)> ReadAsync(GuestAddress address, ConnectTry attempt, CancellationToken cancellationToken)
    {
        using var tryOver = new CancellationTokenSource(ConnectLimit, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, tryOver.Token);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, stop.Token).ConfigureAwait(false);
        }
        catch (SocketException failure)
        {
            return (null, failure.SocketErrorCode switch
            {
                SocketError.ConnectionRefused or SocketError.ConnectionReset => ConnectEnd.Closed,
                SocketError.TimedOut => ConnectEnd.Silent,
                _ => ConnectEnd.Other,
            });
        }
        catch (OperationCanceledException) when (tryOver.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return (null, ConnectEnd.Silent);
        }

        try
        {
            tryOver.CancelAfter(PerTry);
            await using var stream = new NetworkStream(socket);
            var banner = await ReadAsync(stream, stop.Token).ConfigureAwait(false);
            return (banner, banner is not null ? ConnectEnd.Greeted : Closed());
        }
        catch (Exception failure) when (failure is SocketException or IOException)
        {
            return (null, Closed());
        }
        catch (OperationCanceledException) when (tryOver.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // Where QEMU forwards, being connected says nothing of the guest; elsewhere the server is there, and mute.
            return (null, address.IsForwarded ? ConnectEnd.Silent : ConnectEnd.Other);
        }

        ConnectEnd Closed() => address.IsForwarded && clock.GetElapsedTime(attempt.Began) >= GivenUpByQemu ? ConnectEnd.Silent : ConnectEnd.Closed;
    }

    /// <summary>The greeting; null: the server closed without one, or said too much before it.</summary>
    /// <exception cref="IOException">A line is longer than any login allows, or the connection is lost.</exception>
    internal static async Task<string?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var lines = new BoundedLines(stream, LongestLine);

        // RFC 4253, 4.2: a server may send other lines before its version.
        for (var number = 0; number <= MostLinesBefore; number++)
        {
            var line = await lines.NextAsync(cancellationToken).ConfigureAwait(false);
            if (line is null || line.StartsWith("SSH-", StringComparison.Ordinal))
            {
                return line;
            }
        }

        return null;
    }
}
