using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Locks;

/// <summary>
/// A place in a queue: a held byte of a file, at the moment of arrival. Nothing is written, so nothing can be stale: a process that dies
/// leaves the queue, and a process that waits for longer holds a byte further in front.
/// </summary>
public sealed class QueuePlace : IDisposable
{
    private readonly AbsolutePath _file;
    private readonly long _position;

    private QueuePlace(AbsolutePath file, long position, KernelLock held) => (_file, _position, Held) = (file, position, held);

    internal KernelLock Held { get; }

    /// <param name="file">The queue.</param>
    /// <param name="arrival">In microseconds; of two that arrive in one, the second stands behind the first.</param>
    /// <exception cref="HostFileException">The file system refused.</exception>
    internal static QueuePlace Take(AbsolutePath file, long arrival)
    {
        for (var position = arrival; ; position++)
        {
            if (KernelLock.TryTake(file, position) is { } held)
            {
                return new QueuePlace(file, position, held);
            }
        }
    }

    /// <summary>The number of places whose holders have waited for longer.</summary>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public int CountAhead() => Count(0, _position);

    public void Dispose() => Held.Dispose();

    /// <summary>The kernel names any one lock of a range, so what lies before and behind it is asked for again.</summary>
    private int Count(long start, long end)
    {
        if (start >= end || KernelLock.FindHeld(_file, start, end - start) is not { } held)
        {
            return 0;
        }

        return 1 + Count(start, held.Start) + Count(held.Start + held.Length, end);
    }
}
