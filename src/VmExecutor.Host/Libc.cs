using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VmExecutor.Host;

/// <summary>
/// The functions of the C library that .NET does not offer, by their own names. Nothing is decided here: who calls one knows its arguments and what its
/// result means. Those that report an error leave it for <see cref="Failure"/>.
/// </summary>
internal static partial class Libc
{
    /// <summary>Takes a path as relative to the current directory (AT_FDCWD).</summary>
    public const int CurrentDirectory = -100;

    /// <summary>The error of the last call that failed, with the system's words and its number.</summary>
    public static IOException Failure()
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException(Marshal.GetPInvokeErrorMessage(error), error);
    }

    /// <summary>open(2): .NET opens no directory, and no file without blocking. An invalid handle: the call failed.</summary>
    public static SafeFileHandle Open(string path, int flags) => new(OpenDescriptor(path, flags), ownsHandle: true);

    /// <summary>open(2); -1: the call failed. A handle as its result would take only half of that number for what the call returned.</summary>
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int OpenDescriptor(string path, int flags);

    /// <summary>As above; the path has a 0 at its end.</summary>
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    public static partial int OpenDescriptor(byte[] path, int flags);

    /// <summary>openat(2); the name has a 0 at its end.</summary>
    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    public static partial int OpenAt(SafeFileHandle directory, byte[] name, int flags);

    /// <summary>getdents64(2).</summary>
    [LibraryImport("libc", EntryPoint = "getdents64", SetLastError = true)]
    public static partial nint ReadDirectory(SafeFileHandle directory, [Out] byte[] buffer, nuint count);

    /// <summary>unlinkat(2); the path has a 0 at its end.</summary>
    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true)]
    public static partial int Unlink(int directory, byte[] path, int flags);

    /// <inheritdoc cref="Unlink(int, byte[], int)"/>
    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true)]
    public static partial int Unlink(SafeFileHandle directory, byte[] path, int flags);

    /// <summary>renameat(2); both names have a 0 at their end.</summary>
    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true)]
    public static partial int Rename(SafeFileHandle directory, byte[] name, SafeFileHandle target, byte[] newName);

    /// <summary>close(2).</summary>
    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    /// <summary>_exit(2): what was registered for the end of the process, by atexit(3) or by a library as its destructor, is not called.</summary>
    [LibraryImport("libc", EntryPoint = "_exit")]
    public static partial void Exit(int status);

    /// <summary>on_exit(3) of the GNU C library: exit(3) calls the function first of all, with its status and the argument.</summary>
    [LibraryImport("libc", EntryPoint = "on_exit")]
    public static partial int OnExit(nint function, nint argument);

    /// <summary>read(2).</summary>
    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(SafeFileHandle file, [Out] byte[] buffer, nuint count);

    /// <summary>write(2).</summary>
    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, ref byte buffer, nuint count);

    /// <summary>poll(2).</summary>
    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(ref PollDescriptor descriptors, nuint count, int milliseconds);

    /// <summary>fsync(2).</summary>
    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(SafeFileHandle file);

    /// <summary>syncfs(2).</summary>
    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    public static partial int SyncFileSystem(SafeFileHandle file);

    /// <summary>statx(2); the buffer has 256 bytes.</summary>
    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Stat(int directory, string path, int flags, uint mask, ref byte buffer);

    /// <summary>As above; the path has a 0 at its end.</summary>
    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    public static partial int Stat(int directory, byte[] path, int flags, uint mask, ref byte buffer);

    /// <summary>faccessat(2).</summary>
    [LibraryImport("libc", EntryPoint = "faccessat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Access(int directory, string path, int mode, int flags);

    /// <summary>chown(2).</summary>
    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, uint owner, uint group);

    /// <summary>getxattr(2).</summary>
    [LibraryImport("libc", EntryPoint = "getxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint GetAttribute(string path, string name, ref byte value, nuint size);

    /// <summary>setxattr(2).</summary>
    [LibraryImport("libc", EntryPoint = "setxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetAttribute(string path, string name, byte[] value, nuint size, int flags);

    /// <summary>ioctl(2), for requests whose argument is a file.</summary>
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(SafeFileHandle target, ulong request, SafeFileHandle source);

    /// <summary>ioctl(2), for requests that return a descriptor or -1; the argument is not read.</summary>
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int ControlToDescriptor(SafeFileHandle target, ulong request, nint unused);

    /// <summary>ioctl(2), for requests that fill in a number.</summary>
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int ControlToNumber(SafeFileHandle target, ulong request, out uint number);

    /// <summary>ioctl(2), for the size of a terminal.</summary>
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int ControlToWindow(int descriptor, ulong request, out WindowSize size);

    /// <summary>tcgetattr(3); the buffer has the 60 bytes of a struct termios on 64-bit Linux.</summary>
    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    public static partial int GetTerminal(int descriptor, ref byte settings);

    /// <summary>tcsetattr(3).</summary>
    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    public static partial int SetTerminal(int descriptor, int when, ref byte settings);

    /// <summary>tcgetpgrp(3).</summary>
    [LibraryImport("libc", EntryPoint = "tcgetpgrp", SetLastError = true)]
    public static partial int ForegroundGroup(int descriptor);

    /// <summary>getpgrp(2).</summary>
    [LibraryImport("libc", EntryPoint = "getpgrp")]
    public static partial int OwnGroup();

    /// <summary>fcntl(2), for locks.</summary>
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Lock(SafeFileHandle file, int command, ref FileLock wanted);

    /// <summary>fcntl(2), for what is known of a descriptor.</summary>
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Flags(int descriptor, int command);

    /// <summary>socketpair(2); the buffer has two descriptors.</summary>
    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    public static unsafe partial int SocketPair(int domain, int type, int protocol, int* descriptors);

    /// <summary>geteuid(2).</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    /// <summary>kill(2): .NET itself can only send SIGKILL.</summary>
    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Signal(int processId, int signal);

    /// <summary>clock_gettime(2).</summary>
    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    public static partial int GetTime(int clock, out TimeSpec time);

    /// <summary>adjtimex(2); the buffer has the 208 bytes of a struct timex on 64-bit kernels.</summary>
    [LibraryImport("libc", EntryPoint = "adjtimex", SetLastError = true)]
    public static partial int AdjustClock(ref byte buffer);

    /// <summary>fcntl.h, struct flock of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }

    /// <summary>time.h, struct timespec of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary>poll.h, struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    /// <summary>asm-generic/termios.h, struct winsize.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }
}
