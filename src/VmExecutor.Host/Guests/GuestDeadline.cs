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

    public GuestDeadline(WaitLimit limit, GuestAddress address, ConnectPace pace, TimeProvider clock)
    {
        (_limit, _address, _pace, _clock, _began) = (limit, address, pace, clock, clock.GetTimestamp());
        _over = new CancellationTokenSource(limit.Time, clock);
    }

    public bool IsOver => _over.IsCancellationRequested;

    public CancellationToken Token => _over.Token;

    /// <summary>Moves the end by a silence that the pace has begun since the last look, and tells of it.</summary>
    public void Look()
    {
        var now = _clock.GetTimestamp();
        if (_pace.SilentUntil(_address) is not { } until || until <= now || until <= _silentUntil || IsOver)
        {
            return;
        }

        var isNew = now >= _silentUntil;
        var more = _clock.GetElapsedTime(Math.Max(now, _silentUntil), until);
        _silentUntil = until;
        _moves += isNew ? 1 : 0;
        if (isNew)
        {
            _limit.Tell(string.Create(
                CultureInfo.InvariantCulture,
                $"the guest's ssh server at {_address} does not answer as before: a firewall in the guest seems to count connections ('ufw limit ssh'). The driver makes no connection for {Math.Ceiling(more.TotalSeconds)} s, so that it is let in again"));
        }

        if (_moves <= MostMoves)
        {
            _silence += more;
            _over.CancelAfter(_limit.Time + _silence - _clock.GetElapsedTime(_began));
        }
    }

    public void Dispose() => _over.Dispose();
}
