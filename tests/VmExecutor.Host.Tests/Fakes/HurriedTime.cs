namespace VmExecutor.Host.Tests.Fakes;

/// <summary>A clock whose waits are over a hundred times sooner, for tests of what happens after the last attempt.</summary>
internal sealed class HurriedTime : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / 100 : dueTime, period);
}
