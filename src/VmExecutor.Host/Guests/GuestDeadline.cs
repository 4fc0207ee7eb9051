using System.Globalization;
using VmExecutor.Core.Guests;

namespace VmExecutor.Host.Guests;

/// <summary>The end of a wait for a guest's ssh server. A silence of the driver moves it, the first three times.</summary>
internal sealed class GuestDeadline : IDisposable
{
    private const int MostMoves = 3;
    private readonly CancellationTokenSource _over;
    private readonly WaitLimit _limit;
    private readonly GuestAddress _address;
    private readonly ConnectPace _pace;
    private readonly TimeProvider _clock;
    private readonly long _began;
    private TimeSpan _silence;
    private long _silentUntil;
    private int _moves;
    private int _told;

    public GuestDeadline(WaitLimit limit, GuestAddress address, ConnectPace pace, TimeProvider clock)
    {
        (_limit, _address, _pace, _clock, _began) = (limit, address, pace, clock, clock.GetTimestamp());
        _over = new CancellationTokenSource(limit.Time, clock);
    }

    public bool IsOver => _over.IsCancellationRequested;

    public CancellationToken Token => _over.Token;

    /// <summary>
    /// Tells of a silence that the pace has begun since the last look. Moves the end by it, where the guest had answered before; one that has
    /// never answered may not boot at all, and must fail in time.
    /// </summary>
    public void Look()
    {
        var now = _clock.GetTimestamp();
        if (_pace.SilentUntil(_address) is not { } until || until <= now || until <= _silentUntil || IsOver)
        {
            return;
        }

        var isLimited = _pace.SeemsLimited(_address);
        var isNew = now >= _silentUntil;
        var more = _clock.GetElapsedTime(Math.Max(now, _silentUntil), until);
        _silentUntil = until;
        if (isNew && (isLimited || _told == 0))
        {
            _told++;
            var cause = isLimited
                ? $"the guest's ssh server at {_address} does not answer as before: a firewall in the guest seems to count connections ('ufw limit ssh')"
                : $"nothing has answered at {_address} so far: the guest is not up, or a firewall in it counts connections ('ufw limit ssh')";
            _limit.Tell(string.Create(
                CultureInfo.InvariantCulture, $"{cause}. The driver makes no connection for {Math.Ceiling(more.TotalSeconds)} s, which lets such a firewall forget the last ones"));
        }

        _moves += isNew && isLimited ? 1 : 0;
        if (isLimited && _moves <= MostMoves)
        {
            _silence += more;

            // On a busy machine the timer that should have ended it by now may be late.
            var left = _limit.Time + _silence - _clock.GetElapsedTime(_began);
            _over.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }
    }

    public void Dispose() => _over.Dispose();
}
