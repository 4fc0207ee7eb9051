using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Host.Guests;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>Against a listener that refuses a connection and is mute from then on, as a guest is whose firewall counts connections. The clock is moved by hand.</summary>
public sealed class SilentGuestTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _mute = [];
    private readonly List<string> _told = [];

    public SilentGuestTests() => _listener.Start();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _listener.Dispose();
        _mute.ForEach(socket => socket.Dispose());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_guest_that_no_longer_answers_is_left_alone_for_longer_than_firewalls_remember_and_the_log_says_why()
    {
        var began = _clock.GetTimestamp();
        var wait = WaitAsync(TimeSpan.FromMinutes(2));
        (await AcceptAsync()).Dispose();
        var silent = await AcceptAsync();
        var silentBegan = _clock.GetElapsedTime(began);

        var next = await AcceptAsync();
        var passed = _clock.GetElapsedTime(began) - silentBegan;
        await next.SendAsync("SSH-2.0-x\r\n"u8.ToArray(), Cancellation);

        (await wait).Should().Be("SSH-2.0-x");
        silent.Available.Should().Be(0);
        passed.Should().BeGreaterThan(TimeSpan.FromSeconds(68 + 35), "QEMU repeats the packet until 68 s after the begin");
        _told.Should().ContainSingle().Which.Should().Contain("a firewall in the guest seems to count connections").And.Contain("The driver makes no connection for");
    }

    [Fact(Timeout = 60_000)]
    public async Task The_silence_of_the_driver_does_not_count_and_the_failure_names_the_firewall()
    {
        var began = _clock.GetTimestamp();
        var wait = WaitAsync(TimeSpan.FromMinutes(2));
        (await AcceptAsync()).Dispose();
        await AcceptAsync();
        await AcceptAsync();

        var failure = (await MoveUntilAsync(wait).Invoking(task => task).Should().ThrowAsync<SystemFailureException>()).Which;

        failure.Code.Should().Be(ErrorCodes.GuestBootTimedOut);
        failure.Hint.Should().Contain("ufw limit ssh");
        _clock.GetElapsedTime(began).Should().BeGreaterThan(TimeSpan.FromMinutes(2) + TimeSpan.FromSeconds(20));
        _told.Should().NotBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_guest_that_has_never_answered_fails_in_time_and_is_asked_again_until_then()
    {
        var began = _clock.GetTimestamp();
        var wait = WaitAsync(TimeSpan.FromMinutes(8));
        var last = TimeSpan.Zero;
        for (var tries = 0; tries < 10; tries++)
        {
            await AcceptAsync();
            var now = _clock.GetElapsedTime(began);
            (now - last).Should().BeLessThan(TimeSpan.FromSeconds(110));
            last = now;
        }

        (await MoveUntilAsync(wait).Invoking(task => task).Should().ThrowAsync<SystemFailureException>()).Which.Hint.Should().NotContain("ufw");
        _clock.GetElapsedTime(began).Should().BeCloseTo(TimeSpan.FromMinutes(8), TimeSpan.FromSeconds(2));
        _told.Should().ContainSingle().Which.Should().Contain("the guest is not up, or a firewall in it counts connections");
    }

    private Task<string> WaitAsync(TimeSpan limit) => new SshBanner(new ConnectPace(_clock), _clock).WaitAsync(
        new GuestAddress("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port), new WaitLimit(limit, _told.Add), _ => Task.CompletedTask, Cancellation);

    private async Task<Socket> AcceptAsync()
    {
        var accepted = await MoveUntilAsync(_listener.AcceptSocketAsync(Cancellation).AsTask());
        _mute.Add(accepted);
        return accepted;
    }

    private async Task<T> MoveUntilAsync<T>(Task<T> task)
    {
        while (!task.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(500));

            // The tasks that the fake clock has woken up run on other threads, with real sockets.
            await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(5), Cancellation));
        }

        return await task;
    }
}
