using System.Collections.Concurrent;

namespace VmExecutor.Host.Libvirt;

/// <summary>
/// A thread of its own for native calls that may never return, one at a time. A background thread, so that a call that hangs
/// does not keep the process from exiting; not one of the pool's, which hanging calls would use up.
/// </summary>
internal sealed class CallThread
{
    private readonly BlockingCollection<Action> calls = [];
    private readonly Thread thread;

    /// <param name="name">For debuggers.</param>
    /// <param name="last">Run on the thread after its last call.</param>
    public CallThread(string name, Action last)
    {
        thread = new Thread(() => Work(last)) { IsBackground = true, Name = name };
        thread.Start();
    }

    public Task<T> RunAsync<T>(Func<T> call)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        calls.Add(() => Answer(call, answer));
        return answer.Task;
    }

    /// <summary>No more calls: the thread ends as soon as the one in flight has returned, if it ever does. May be repeated.</summary>
    public void Finish() => calls.CompleteAdding();

    /// <summary>Waits for the end of the thread.</summary>
    public void Join(TimeSpan limit) => thread.Join(limit);

    private void Work(Action last)
    {
        foreach (var call in calls.GetConsumingEnumerable())
        {
            call();
        }

        last();
    }

    private static void Answer<T>(Func<T> call, TaskCompletionSource<T> answer)
    {
        try
        {
            answer.SetResult(call());
        }
        catch (Exception e)
        {
            answer.SetException(e);

            // Looked at, so that it does not count as unobserved when whoever asked has given up waiting.
            _ = answer.Task.Exception;
        }
    }
}
