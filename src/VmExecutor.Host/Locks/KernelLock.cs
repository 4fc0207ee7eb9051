using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using VmExecutor.Core.Values;
using VmExecutor.Host.Files;

namespace VmExecutor.Host.Locks;

/// <summary>
/// An exclusive lock on one byte of a file, held by an open file description (fcntl(2), F_OFD_SETLK). The kernel releases it when
/// its holder dies, however that happens; nothing is written, so nothing can be stale; and one file serves any number of locks, so
/// no lock file is ever left or removed under somebody's feet.
/// </summary>
public sealed partial class KernelLock : IDisposable
{
    private const int SetLock = 37; // F_OFD_SETLK
    private const short WriteLock = 1; // F_WRLCK
    private const int TryAgain = 11; // EAGAIN
    private const int AccessDenied = 13; // EACCES, the other answer that POSIX allows

    private readonly SafeFileHandle _file;

    private KernelLock(SafeFileHandle file) => _file = file;

    /// <summary>Null: somebody else holds it.</summary>
    /// <param name="file">Made if it is missing; its directory must be there.</param>
    /// <param name="position">Which byte; the file need not be so long.</param>
    /// <exception cref="HostFileException">The file system refused.</exception>
    public static KernelLock? TryTake(AbsolutePath file, long position)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(file.Value, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            var wanted = new Lock { Type = WriteLock, Start = position, Length = 1 };
            if (Control(handle, SetLock, ref wanted) == 0)
            {
                var taken = new KernelLock(handle);
                handle = null;
                return taken;
            }

            var error = Marshal.GetLastPInvokeError();
            return error is TryAgain or AccessDenied ? null : throw new IOException(Marshal.GetPInvokeErrorMessage(error));
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

    /// <summary>Releases it.</summary>
    public void Dispose() => _file.Dispose();

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command, ref Lock wanted);

    /// <summary>fcntl.h, struct flock of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Lock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }
}
