using System.Runtime.InteropServices;

namespace VmExecutor.Host.Libvirt;

/// <summary>
/// A thread of its own for native calls that may never return, one at a time. A background thread, so that a call that hangs
/// does not keep the process from exiting; not one of the pool's, which hanging calls would use up.
/// </summary>
internal sealed class CallThread
{
    // Not a BlockingCollection: its end is an exception inside, which costs a short process more than all calls.
    private readonly Queue<Action> calls = new();
    private readonly Thread thread;
    private bool finished;

    /// <param name="name">For debuggers.</param>
    /// <param name="last">Run on the thread after its last call.</param>
    public CallThread(string name, Action last)
    {
        thread = new Thread(() => Work(last)) { IsBackground = true, Name = name };
        thread.Start();
    }

    /// <param name="call">The call.</param>
    /// <param name="lent">
    /// A handle that the native call uses. It stays open until that call has returned, also when its owner has stopped waiting and closed
    /// it: its number could belong to another file by the time it is used.
    /// </param>
    /// <exception cref="ObjectDisposedException">The handle is closed already; nothing was called.</exception>
    public Task<T> RunAsync<T>(Func<T> call, SafeHandle? lent = null)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var isHeld = false;
        lent?.DangerousAddRef(ref isHeld);
        lock (calls)
        {
            calls.Enqueue(() => Answer(lent is null ? call : () => Return(call, lent), answer));
            Monitor.Pulse(calls);
        }

        return answer.Task;
    }

    /// <summary>No more calls: the thread ends as soon as the one in flight has returned, if it ever does. May be repeated.</summary>
    public void Finish()
    {
        lock (calls)
        {
            finished = true;
            Monitor.Pulse(calls);
        }
    }

    /// <summary>Waits for the end of the thread.</summary>
    public void Join(TimeSpan limit) => thread.Join(limit);

    private void Work(Action last)
    {
        while (Next() is { } call)
        {
            call();
        }

        last();
    }

    private Action? Next()
    {
        lock (calls)
        {
            while (calls.Count == 0 && !finished)
            {
                Monitor.Wait(calls);
            }

            return calls.TryDequeue(out var call) ? call : null;
        }
    }

    private static T Return<T>(Func<T> call, SafeHandle lent)
    {
        try
        {
            return call();
        }
        finally
        {
            lent.DangerousRelease();
        }
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

            // Looked at, so that it does not count as unobserved when the caller has given up waiting.
            _ = answer.Task.Exception;
        }
    }
}
