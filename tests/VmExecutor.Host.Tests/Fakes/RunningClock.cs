using Microsoft.Extensions.Time.Testing;

namespace VmExecutor.Host.Tests.Fakes;

/// <summary>Moves a fake clock while something waits by it.</summary>
internal static class RunningClock
{
    /// <summary>
    /// Moves the clock in small steps until the task is done; the hang limit is the test's. On a thread without a synchronization
    /// context, so that what waits for a delay goes on inside <see cref="FakeTimeProvider.Advance"/>. What a time limit cancels goes on elsewhere, and
    /// the clock runs on meanwhile: say when something happened by looking at the clock then, not after the task.
    /// </summary>
    public static Task<T> RunAsync<T>(this FakeTimeProvider clock, Task<T> task) => Task.Run(async () =>
    {
        while (!task.IsCompleted)
        {
            clock.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }

        return await task;
    });

    /// <inheritdoc cref="RunAsync{T}"/>
    public static Task RunAsync(this FakeTimeProvider clock, Task task) => clock.RunAsync(task.ContinueWith(
        done =>
        {
            done.GetAwaiter().GetResult();
            return true;
        },
        TaskScheduler.Default));
}
