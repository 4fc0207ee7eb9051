namespace VmExecutor.Host.Tests.Fakes;

/// <summary>A clock that stands still until a test moves it; timers fire while it is moved.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now = new(2026, 11, 22, 20, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>
    /// Moves the clock in small steps until the task is done; the hang limit is the test's. On a thread without a synchronization
    /// context, so that what waits for a delay goes on inside <see cref="ManualTimer.Fire"/>. What a time limit cancels goes on elsewhere, and
    /// the clock runs on meanwhile: say when something happened by looking at the clock then, not after the task.
    /// </summary>
    public Task<T> RunAsync<T>(Task<T> task) => Task.Run(async () =>
    {
        while (!task.IsCompleted)
        {
            Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }

        return await task;
    });

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(Task task) => RunAsync(task.ContinueWith(
        done =>
        {
            done.GetAwaiter().GetResult();
            return true;
        },
        TaskScheduler.Default));

    /// <summary>Moves the clock once; the timers that are due fire on this thread.</summary>
    public void Advance(TimeSpan step)
    {
        List<ManualTimer> due;
        lock (_lock)
        {
            _now += step;
            due = [.. _timers.Where(timer => timer.Due <= _now)];
            due.ForEach(timer => _timers.Remove(timer));
        }

        due.ForEach(timer => timer.Fire());
    }

    private sealed class ManualTimer(ManualTime time, Action fire) : ITimer
    {
        public DateTimeOffset Due { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                time._timers.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = time._now + dueTime;
                    time._timers.Add(this);
                }
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
