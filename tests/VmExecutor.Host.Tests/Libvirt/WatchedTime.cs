namespace VmExecutor.Host.Tests.Libvirt;

/// <summary>The system's clock, which tells of each wait that begins.</summary>
internal sealed class WatchedTime(Action<TimeSpan> beginsToWait) : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        beginsToWait(dueTime);
        return base.CreateTimer(callback, state, dueTime, period);
    }
}
