using Microsoft.Win32.SafeHandles;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Locks;

/// <summary>
/// An exclusive lock on one byte of a file, held by an open file description (fcntl(2), F_OFD_SETLK). The kernel releases it when its
/// holder dies, for any reason. The file has no content, so nothing can be stale. One file serves any number of locks, so no lock file is
/// left behind or removed while another process uses it.
/// </summary>
public sealed class KernelLock : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    private const int GetLock = 36; // F_OFD_GETLK
    private const int SetLock = 37; // F_OFD_SETLK
    private const short Unlocked = 2; // F_UNLCK
    private const short WriteLock = 1; // F_WRLCK
    private const int TryAgain = 11; // EAGAIN
    private const int AccessDenied = 13; // EACCES, the other answer that POSIX allows

    private readonly SafeFileHandle _file;
    private readonly long _position;

    private int _isReleased;

    private KernelLock(SafeFileHandle file, long position) => (_file, _position) = (file, position);

    /// <summary>Called once, when it is released.</summary>
    internal Action<KernelLock>? Released { get; set; }

    /// <summary>Null: another process, or another part of this one, holds it.</summary>
    /// <param name="file">Made if it is missing; its directory must be there.</param>
    /// <param name="position">Which byte; the file need not be so long.</param>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public static KernelLock? TryTake(AbsolutePath file, long position)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = HostFile.OpenHandle(file.Value, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            var wanted = new Libc.FileLock { Type = WriteLock, Start = position, Length = 1 };
            if (Libc.Lock(handle, SetLock, ref wanted) == 0)
            {
                var taken = new KernelLock(handle, position);
                handle = null;
                return taken;
            }

            var failure = Libc.Failure();
            return failure.HResult is TryAgain or AccessDenied ? null : throw failure;
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the lock file {file} cannot be used", e);
        }
        finally
        {
            handle?.Dispose();
        }
    }

    /// <summary>Waits for it; null: another process holds it for longer than the limit.</summary>
    /// <param name="file">Made if it is missing; its directory must be there.</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public static async Task<KernelLock?> TakeAsync(AbsolutePath file, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        KernelLock? taken = null;
        await new Poll(limit, PollInterval, time).UntilAsync(_ => Task.FromResult((taken = TryTake(file, 0)) is not null), cancellationToken).ConfigureAwait(false);
        return taken;
    }

    /// <summary>
    /// A range that another holder of this file has locked and that touches the bytes asked for; null: none of them is held. A lock of
    /// this very process counts too, since each has a file description of its own.
    /// </summary>
    /// <param name="file">Made if it is missing.</param>
    /// <param name="start">The first byte.</param>
    /// <param name="length">How many; at least one.</param>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public static (long Start, long Length)? FindHeld(AbsolutePath file, long start, long length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        try
        {
            using var handle = HostFile.OpenHandle(file.Value, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            var asked = new Libc.FileLock { Type = WriteLock, Start = start, Length = length };
            if (Libc.Lock(handle, GetLock, ref asked) != 0)
            {
                throw Libc.Failure();
            }

            // To the kernel, length 0 is everything behind the start.
            return asked.Type == Unlocked ? null : (asked.Start, asked.Length == 0 ? long.MaxValue - asked.Start : asked.Length);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new HostFileException($"the lock file {file} cannot be used", e);
        }
    }

    /// <summary>
    /// Releases it at once. Closing alone would not: a child that was forked meanwhile and has not reached its execve(2) yet shares the
    /// file description.
    /// </summary>
    public void Dispose()
    {
        // Its holder may release it while the end of the process's work releases all.
        if (Interlocked.Exchange(ref _isReleased, 1) == 0)
        {
            var wanted = new Libc.FileLock { Type = Unlocked, Start = _position, Length = 1 };
            _ = Libc.Lock(_file, SetLock, ref wanted);
            _file.Dispose();
            Released?.Invoke(this);
        }
    }
}
