using System.Runtime.InteropServices;

namespace VmExecutor.Host.Files;

/// <summary>Reads the system's error number from an exception for a file, and gives its words and a hint.</summary>
internal static class FileFailure
{
    // errno(3), the same on x86_64 and arm64.
    private const int NoPermission = 1; // EPERM
    private const int NoSuchFile = 2; // ENOENT
    private const int DeviceFailed = 5; // EIO
    private const int WouldBlock = 11; // EAGAIN, of flock(2): .NET's own message says more
    private const int AccessDenied = 13; // EACCES
    private const int Exists = 17; // EEXIST
    private const int NotADirectory = 20; // ENOTDIR
    private const int TooManyOnHost = 23; // ENFILE
    private const int TooMany = 24; // EMFILE
    private const int NoSpace = 28; // ENOSPC
    private const int ReadOnly = 30; // EROFS
    private const int TooLarge = 27; // EFBIG
    private const int NameTooLong = 36; // ENAMETOOLONG
    private const int NoLocks = 37; // ENOLCK
    private const int TooManyLinks = 40; // ELOOP
    private const int ServerGone = 107; // ENOTCONN, of FUSE
    private const int TimedOut = 110; // ETIMEDOUT
    private const int HostDown = 112; // EHOSTDOWN
    private const int Stale = 116; // ESTALE
    private const int RemoteFailed = 121; // EREMOTEIO
    private const int QuotaExceeded = 122; // EDQUOT
    private const int LargestNumber = 133;

    // .NET's own for a file whose space it could not reserve (ERROR_DISK_FULL).
    private const int DiskFull = unchecked((int)0x80070070);

    /// <summary>The error number; null: the exception has none.</summary>
    public static int? NumberOf(Exception failure) => failure switch
    {
        HostFileException known => NumberOf(known.InnerException!),
        UnauthorizedAccessException { InnerException: IOException inner } => NumberOf(inner),
        FileNotFoundException or DirectoryNotFoundException => NoSuchFile,
        PathTooLongException => NameTooLong,
        IOException { HResult: DiskFull } => NoSpace,
        IOException { HResult: > 0 and <= LargestNumber } system => system.HResult,
        _ => null,
    };

    public static bool IsMissing(Exception failure) => NumberOf(failure) is NoSuchFile or NotADirectory;

    /// <summary>There is something by that name already.</summary>
    public static bool IsTaken(Exception failure) => NumberOf(failure) is Exists;

    public static bool IsHopeless(Exception failure) => NumberOf(failure) is ReadOnly or AccessDenied or NoPermission or DeviceFailed or NameTooLong or ServerGone or Stale;

    /// <summary>In the system's words, without the path.</summary>
    public static string ReasonOf(Exception failure) => failure switch
    {
        HostFileException known => known.Reason,
        _ => NumberOf(failure) is { } number and not WouldBlock ? Marshal.GetPInvokeErrorMessage(number) : failure.Message,
    };

    /// <summary>As above, with the path of the failure where <paramref name="what"/> does not name it.</summary>
    public static string ReasonOf(Exception failure, string what) =>
        failure is HostFileException { Path: { } path } known && !what.Contains(path, StringComparison.Ordinal) ? known.Message : ReasonOf(failure);

    /// <summary>A hint that tells what to do, as an imperative sentence.</summary>
    public static string HintFor(Exception failure) => failure is HostFileException known ? known.Hint : NumberOf(failure) switch
    {
        null when failure is OddFileException => "Put a regular file there, or name another path: ls -l shows what it is.",
        null when failure is FileTooLargeException => "See what the file is: nothing that the driver reads as a whole is so large. If the driver wrote it, move it away and report it.",
        NoSpace => "Make room on that file system: df -h and df -i show whether space or inodes are used up; 'vm-executor gc' and 'vm-executor image prune' remove what nothing needs.",
        QuotaExceeded => "Raise the quota of the runner's user on that file system, or make room: quota -s",
        ReadOnly => "Make the file system writable again: findmnt -T shows how it is mounted, dmesg whether the kernel made it read-only after an error of its disk.",
        AccessDenied or NoPermission => "Give the runner's user the right: namei -l shows owner and mode of each part of the path; SELinux, AppArmor, chattr +i and systemd's ProtectSystem= refuse as well, and so do NFS (root_squash) and another user's FUSE mount (allow_other).",
        DeviceFailed => "See what the kernel says of the disk (dmesg) before anything is written to it again.",
        ServerGone => "Mount the file system again: the program that serves it (FUSE) has ended; findmnt -T shows which it is.",
        TimedOut or HostDown or RemoteFailed => "See whether the server of the network file system answers: findmnt -T shows which it is.",
        NoLocks => "Put state_dir on a file system that takes locks: a local disk, or NFS mounted without nolock.",
        TooLarge => "See which limit there is for a file's size: ulimit -f, LimitFSIZE= in gitlab-runner's systemd unit, or that of the file system.",
        TooManyLinks => "See where the symbolic links lead: namei -l shows each of them.",
        NameTooLong => "Choose a shorter state_dir: a file name has 255 bytes at most, a path 4095.",
        TooMany => "Let the runner's processes open more files: LimitNOFILE= in gitlab-runner's systemd unit, or ulimit -n.",
        TooManyOnHost => "Let this host open more files: sysctl fs.file-max",
        Stale => "Mount the network file system again: its server no longer knows the file.",
        NoSuchFile or NotADirectory => "See whether the path is right, and whether the file was removed meanwhile.",
        _ => "See whether the file system is full (df -h, df -i) or read-only, and whether the runner's user may write there.",
    };
}
