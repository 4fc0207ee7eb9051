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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_client_that_is_refused_for_long_makes_fewer_than_six_connections_in_30_seconds(bool hadAnswered)
    {
        var starts = Course(new ConnectPace(_clock), hadAnswered, TimeSpan.FromMinutes(5));

        starts.Zip(starts.Skip(1), (a, b) => b - a).Should().OnlyContain(gap => gap >= TimeSpan.FromSeconds(2));
        var settled = starts.Where(start => start > TimeSpan.FromMinutes(1)).ToList();
        settled.Should().OnlyContain(start => settled.Count(other => other >= start && other <= start + TimeSpan.FromSeconds(30)) < 6).And.NotBeEmpty();
    }

    [Fact]
    public void A_firewall_that_counts_refused_connections_too_lets_us_in_again()
    {
        // ufw limit: the sixth within 30 s is refused, and each counts.
        var pace = new ConnectPace(_clock);
        pace.Started(Address);
        pace.Answered(Address);
        var seen = new List<TimeSpan> { TimeSpan.Zero };
        var shutOut = false;
        var passed = TimeSpan.Zero;
        for (var tries = 0; tries < 60; tries++)
        {
            while (pace.Left(Address) > TimeSpan.Zero)
            {
                passed += TimeSpan.FromMilliseconds(100);
                _clock.Advance(TimeSpan.FromMilliseconds(100));
            }

            pace.Started(Address);
            seen.Add(passed);
            var refused = seen.Count(at => at > passed - TimeSpan.FromSeconds(30)) >= 6;
            shutOut |= refused;
            if (refused)
            {
                pace.Refused(Address);
            }
            else if (shutOut)
            {
                pace.SeemsLimited(Address).Should().BeTrue();
                return;
            }
        }

        shutOut.Should().BeFalse("the pace is below the limit from the start, or it comes below it");
    }

    [Fact]
    public void A_server_that_has_answered_is_asked_at_once()
    {
        var pace = new ConnectPace(_clock);
        pace.Started(Address);
        pace.Left(Address).Should().Be(TimeSpan.FromSeconds(2));

        pace.Answered(Address);

        pace.Left(Address).Should().Be(TimeSpan.Zero);
        pace.SeemsLimited(Address).Should().BeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task Banner_and_ssh_together_keep_the_pace_at_a_server_that_closes_each_connection()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var accepted = new List<long>();
        var serving = ServeAsync(listener, accepted);
        var job = sshd.NewJob() with { Address = new GuestAddress("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port) };
        var guest = sshd.Guest;

        (await guest.WaitForServerAsync(job.Address, TimeSpan.FromSeconds(20), Alive, Cancellation)).Should().Be("SSH-2.0-x");
        var open = () => guest.OpenAsync(job, TimeSpan.FromSeconds(7), Alive, Cancellation);

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

    private List<TimeSpan> Course(ConnectPace pace, bool hadAnswered, TimeSpan duration)
    {
        if (hadAnswered)
        {
            pace.Started(Address);
            pace.Answered(Address);
        }

        var starts = new List<TimeSpan>();
        for (var passed = TimeSpan.Zero; passed < duration; passed += TimeSpan.FromMilliseconds(100))
        {
            if (pace.Left(Address) == TimeSpan.Zero)
            {
                pace.Started(Address);
                pace.Refused(Address);
                starts.Add(passed);
            }

            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        return starts;
    }
}
