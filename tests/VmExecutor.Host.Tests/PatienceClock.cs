namespace VmExecutor.Host.Tests;

/// <summary>
/// The system's clock, and how long the tested code has waited for it: the sum of the timers that went off. Unlike the time that passes, this does not grow with the
/// machine's load.
/// </summary>
/// <param name="early">The time by which each timer goes off before it is due, as timers may (by some milliseconds); what is due sooner is not changed.</param>
internal sealed class PatienceClock(TimeSpan early = default) : TimeProvider
{
    private long _waited;

    /// <summary>Since the start or the last <see cref="Restart"/>.</summary>
    public TimeSpan Waited => TimeSpan.FromTicks(Interlocked.Read(ref _waited));

    public void Restart() => Interlocked.Exchange(ref _waited, 0);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => System.CreateTimer(
        inner =>
        {
            Interlocked.Add(ref _waited, dueTime.Ticks);
            callback(inner);
        },
        state,
        dueTime > early ? dueTime - early : dueTime,
        period);
}
