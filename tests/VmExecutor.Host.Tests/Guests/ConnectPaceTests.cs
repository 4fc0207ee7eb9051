using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Host.Guests;
using Xunit;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>The pace of connections to a guest's ssh server.</summary>
public sealed class ConnectPaceTests(SshdFixture sshd) : IClassFixture<SshdFixture>
{
    private static readonly GuestAddress Address = new("127.0.0.1", 22);
    private readonly FakeTimeProvider _clock = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static readonly CountingRule[] OfUfw = [new(30, 6, Drops: false), new(30, 6, Drops: true)];
    private static readonly CountingRule[] Strict = [new(60, 4, Drops: false), new(60, 4, Drops: true), new(60, 6, Drops: true), new(30, 4, Drops: false)];

    public static TheoryDataRow<string, CountingRule?, int, int>[] GuestsWithUfw() => Guests(OfUfw);

    public static TheoryDataRow<string, CountingRule?, int, int>[] StrictGuests() => Guests(Strict);

    public static TheoryDataRow<string, CountingRule?, int, int>[] OrdinaryGuests() => Guests([null]);

    [Fact]
    public void A_limit_that_a_late_timer_has_not_ended_yet_is_over_at_the_next_look()
    {
        var clock = new LateClock();
        var pace = new ConnectPace(clock);
        using var deadline = new GuestDeadline(TimeSpan.FromSeconds(1), Address, pace, clock);
        pace.End(pace.Start(Address), ConnectEnd.Greeted);
        pace.End(pace.Start(Address), ConnectEnd.Closed);
        clock.Now += TimeSpan.FromMinutes(10);
        pace.End(pace.Start(Address), ConnectEnd.Silent);
        pace.SeemsLimited(Address).Should().BeTrue();
        deadline.IsOver.Should().BeFalse("its timer is late");

        deadline.Look();

        clock.LastDue.Should().Be(TimeSpan.Zero);
    }

    [Theory]
    [MemberData(nameof(GuestsWithUfw))]
    public void A_guest_with_the_limit_of_ufw_lets_us_in_within_three_minutes(string host, CountingRule? rule, int networkUp, int serverUp)
    {
        var (greeted, loggedIn) = new CountingGuest(_clock, new GuestAddress(host, 22), rule) { NetworkUp = networkUp, ServerUp = serverUp }.Play(giveUp: 1200);

        (greeted - serverUp).Should().BeLessThan(110);
        (loggedIn - serverUp).Should().BeLessThan(180);
    }

    [Theory]
    [MemberData(nameof(StrictGuests))]
    public void A_guest_with_a_stricter_limit_lets_us_in_too(string host, CountingRule? rule, int networkUp, int serverUp)
    {
        var (greeted, loggedIn) = new CountingGuest(_clock, new GuestAddress(host, 22), rule) { NetworkUp = networkUp, ServerUp = serverUp }.Play(giveUp: 1200);

        greeted.Should().NotBeNull();
        (loggedIn - serverUp).Should().BeLessThan(500);
    }

    [Theory]
    [MemberData(nameof(OrdinaryGuests))]
    public void A_guest_without_a_firewall_is_noticed_soon_and_never_suspected(string host, CountingRule? rule, int networkUp, int serverUp)
    {
        var address = new GuestAddress(host, 22);
        var guest = new CountingGuest(_clock, address, rule) { NetworkUp = networkUp, ServerUp = serverUp };

        var (greeted, loggedIn) = guest.Play(giveUp: 1200);

        (greeted - serverUp).Should().BeLessThan(serverUp - networkUp > 25 ? 17 : networkUp > 70 ? 13 : 3);
        loggedIn.Should().BeApproximately(greeted!.Value, 0.5);
        guest.Pace.SilentUntil(address).Should().BeNull();
        guest.Pace.SeemsLimited(address).Should().BeFalse();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 1)]
    [InlineData(4, 1)]
    [InlineData(5, 2)]
    [InlineData(9, 2)]
    public void A_guest_that_boots_in_some_seconds_is_noticed_within_one_or_two(int serverUp, int within)
    {
        var (greeted, _) = new CountingGuest(_clock, Address, null) { NetworkUp = serverUp, ServerUp = serverUp }.Play(giveUp: 60);

        (greeted - serverUp).Should().BeLessThan(within + 0.2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(6)]
    public void A_server_that_is_up_a_moment_after_the_network_is_noticed_by_the_next_connection(int networkUp)
    {
        // The connection of that second is refused, and those before it have met no network.
        var (greeted, _) = new CountingGuest(_clock, Address, null) { NetworkUp = networkUp, ServerUp = networkUp + 1 }.Play(giveUp: 60);

        (greeted - networkUp).Should().BeLessThan(2.3);
    }

    private static TheoryDataRow<string, CountingRule?, int, int>[] Guests(CountingRule?[] rules) =>
    [
        .. from host in new[] { "127.0.0.1", "192.168.122.7" }
           from rule in rules
           from networkUp in new[] { 0, 9, 50, 130 }
           from server in new[] { 0, 4, 13, 25, 70 }
           select new TheoryDataRow<string, CountingRule?, int, int>(host, rule, networkUp, networkUp + server),
    ];

    [Fact]
    public void A_server_that_has_answered_is_asked_at_once()
    {
        var pace = new ConnectPace(_clock);
        var attempt = pace.Start(Address);
        pace.Left(Address).Should().Be(TimeSpan.FromSeconds(1));

        pace.End(attempt, ConnectEnd.Greeted);

        pace.Left(Address).Should().Be(TimeSpan.Zero);
        pace.SeemsLimited(Address).Should().BeFalse();
    }

    [Fact(Timeout = 180_000)]
    public async Task Banner_and_ssh_together_keep_the_pace_at_a_server_that_closes_each_connection()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var accepted = new List<long>();
        var serving = ServeAsync(listener, accepted);
        var job = sshd.NewJob() with { Address = new GuestAddress("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port) };
        var guest = sshd.Guest;

        (await guest.WaitForServerAsync(job.Address, TimeSpan.FromSeconds(60), Alive, Cancellation)).Should().Be("SSH-2.0-x");
        var open = () => guest.OpenAsync(job, TimeSpan.FromSeconds(20), Alive, Cancellation);

        (await open.Should().ThrowAsync<SystemFailureException>()).Which.Hint.Should().Contain("ufw limit ssh");
        listener.Stop();
        await serving;
        var gaps = accepted.Zip(accepted.Skip(1), (a, b) => TimeProvider.System.GetElapsedTime(a, b)).ToList();

        // Only ssh's first connection follows at once: the server had just answered.
        gaps.Should().HaveCountGreaterThan(2);
        gaps.Skip(1).Should().OnlyContain(gap => gap > TimeSpan.FromSeconds(1.5));
    }

    private static Task Alive(CancellationToken cancellationToken) => Task.CompletedTask;

    private static async Task ServeAsync(TcpListener listener, List<long> accepted)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(Cancellation);
                accepted.Add(TimeProvider.System.GetTimestamp());
                if (accepted.Count == 1)
                {
                    await client.GetStream().WriteAsync("SSH-2.0-x\r\n"u8.ToArray(), Cancellation);
                }
            }
        }
        catch (Exception closed) when (closed is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The test is over.
        }
    }

    /// <summary>A clock whose timers do not come, as on a machine with too much to do.</summary>
    private sealed class LateClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public TimeSpan? LastDue { get; private set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Timer(this);

        private sealed class Timer(LateClock clock) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                clock.LastDue = dueTime;
                return true;
            }

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
