using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Guests;
using VmExecutor.Host.Guests;

namespace VmExecutor.Host.Tests.Guests;

/// <summary>A firewall's count of the connections of one client: <c>recent --set</c> and <c>recent --update --seconds --hitcount</c>.</summary>
/// <param name="Seconds">The time for which it remembers a packet.</param>
/// <param name="Hits">The packet with this number is refused, and so is each that follows within that time.</param>
/// <param name="Drops">True: without a word; false: by an ICMP message, as ufw does.</param>
public sealed record CountingRule(int Seconds, int Hits, bool Drops);

/// <summary>
/// A guest that boots, behind QEMU's user network or a bridge, with a firewall that counts. Plays the driver as <see cref="SshBanner"/> and
/// <see cref="GuestConnection"/> do, with a clock that is moved by hand. The times of the packets are as they were seen on a wire.
/// </summary>
internal sealed class CountingGuest(FakeTimeProvider clock, GuestAddress address, CountingRule? rule)
{
    // xt_recent: ip_pkt_list_tot.
    private const int MostStamps = 20;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly double[] ByQemu = [0, 5.8, 18.1, 30.4, 43, 55.3, 67.6];
    private static readonly double[] ByKernel = [0, 1, 3, 7];
    private readonly List<double> _stamps = [];
    private readonly List<Connection> _connections = [];
    private readonly long _began = clock.GetTimestamp();

    public ConnectPace Pace { get; } = new(clock);

    /// <summary>Seconds from power on until the guest answers packets, and until its ssh server listens.</summary>
    public double NetworkUp { get; init; }

    public double ServerUp { get; init; }

    public double Now => clock.GetElapsedTime(_began).TotalSeconds;

    /// <summary>The times of all packets that began a connection and that the firewall has refused.</summary>
    public List<double> Refused { get; } = [];

    /// <summary>The times of all connections that the driver has made.</summary>
    public List<double> Made { get; } = [];

    /// <summary>Waits for the greeting and logs in, or gives up.</summary>
    /// <returns>The times of both; null: not until then.</returns>
    public (double? Greeted, double? LoggedIn) Play(double giveUp)
    {
        double? greeted = null;
        while (greeted is null && Now < giveUp)
        {
            if (Pace.Left(address) == TimeSpan.Zero)
            {
                Connect(timeOut: 80);
            }

            Advance();
            greeted = _connections.Exists(connection => connection.End == ConnectEnd.Greeted) ? Now : null;
        }

        // Given up, and in QEMU's user network not ended.
        foreach (var connection in _connections.Where(connection => connection.End is null))
        {
            Conclude(connection, ConnectEnd.Other);
        }

        while (greeted is not null && Now < giveUp)
        {
            while (Pace.Left(address) > TimeSpan.Zero)
            {
                Advance();
            }

            var login = Connect(timeOut: address.IsForwarded ? 30 : 15);
            while (login.End is null)
            {
                Advance();
            }

            if (login.End == ConnectEnd.Greeted)
            {
                return (greeted, Now);
            }
        }

        return (greeted, null);
    }

    private Connection Connect(double timeOut)
    {
        var connection = new Connection(Pace.Start(address), Now, timeOut);
        _connections.Add(connection);
        Made.Add(Now);
        return connection;
    }

    private void Advance()
    {
        clock.Advance(Step);
        foreach (var connection in _connections.ToList())
        {
            Play(connection);
        }
    }

    private void Play(Connection connection)
    {
        var age = Now - connection.Began;
        var repeats = address.IsForwarded ? ByQemu : ByKernel;
        while (!connection.IsAnswered && connection.Sent < repeats.Length && repeats[connection.Sent] <= age && (address.IsForwarded || connection.End is null))
        {
            connection.Sent++;
            Arrive(connection);
        }

        if (connection.End is null && !connection.IsAnswered && Now < NetworkUp && !address.IsForwarded && age >= 3)
        {
            Conclude(connection, ConnectEnd.Other);
        }
        else if (connection.End is null && age >= (address.IsForwarded ? Math.Min(77, connection.TimeOut) : Math.Min(10, connection.TimeOut)))
        {
            Conclude(connection, ConnectEnd.Silent);
        }
    }

    /// <summary>A packet that begins a connection comes to the guest.</summary>
    private void Arrive(Connection connection)
    {
        if (Now < NetworkUp)
        {
            return;
        }

        if (!Passes())
        {
            Refused.Add(Now);
            if (rule is { Drops: false } && !address.IsForwarded)
            {
                Conclude(connection, ConnectEnd.Closed);
            }

            return;
        }

        connection.IsAnswered = true;
        Conclude(connection, Now < ServerUp ? ConnectEnd.Closed : ConnectEnd.Greeted);
    }

    private bool Passes()
    {
        if (rule is null)
        {
            return true;
        }

        Stamp();
        var passes = _stamps.Count(stamp => Now - stamp <= rule.Seconds) < rule.Hits;
        if (!passes)
        {
            Stamp();
        }

        return passes;
    }

    private void Stamp()
    {
        _stamps.Add(Now);
        _stamps.RemoveRange(0, Math.Max(0, _stamps.Count - MostStamps));
    }

    private void Conclude(Connection connection, ConnectEnd end)
    {
        if (connection.End is null)
        {
            connection.End = end;
            Pace.End(connection.Attempt, end);
        }
    }

    private sealed record Connection(ConnectTry Attempt, double Began, double TimeOut)
    {
        public int Sent { get; set; }

        public bool IsAnswered { get; set; }

        public ConnectEnd? End { get; set; }
    }
}
