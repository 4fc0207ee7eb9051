using System.Runtime.InteropServices;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>The facts that statx(2) tells of a file; its layout is the same on every architecture.</summary>
public sealed record FileStat
{
    private const int DoNotFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const uint BasicStats = 0x7ff; // STATX_BASIC_STATS
    private const uint BirthTime = 0x800; // STATX_BTIME
    private const uint MountNumber = 0x1000; // STATX_MNT_ID
    private const long BlockSize = 512;
    private const int NoSuchFile = 2; // ENOENT
    private const int NotADirectory = 20; // ENOTDIR

    public uint Owner { get; private init; }

    public uint Group { get; private init; }

    public UnixFileMode Mode { get; private init; }

    public bool IsRegular { get; private init; }

    public bool IsDirectory { get; private init; }

    public bool IsBlockDevice { get; private init; }

    /// <summary>A symbolic link itself, which only a look that follows none sees.</summary>
    public bool IsLink { get; private init; }

    public ulong Inode { get; private init; }

    /// <summary>The number of its device, as stat(2) has it.</summary>
    public ulong Device { get; private init; }

    public long Bytes { get; private init; }

    /// <summary>The bytes that it takes on the disk: fewer than <see cref="Bytes"/> where it is sparse.</summary>
    public long AllocatedBytes { get; private init; }

    /// <summary>The time at which it was made, which no write and no <c>touch</c> changes; null: the file system does not say.</summary>
    public DateTimeOffset? Born { get; private init; }

    /// <summary>Last change of the content, since 1970.</summary>
    public long ModifiedNanoseconds { get; private init; }

    /// <summary>The number of its mount in mountinfo; null: the kernel is older than 5.8.</summary>
    public ulong? MountId { get; private init; }

    /// <summary>Null when the file is missing or cannot be looked at.</summary>
    public static FileStat? TryRead(AbsolutePath path, bool followLinks = true)
    {
        Span<byte> buffer = stackalloc byte[256];
        var flags = followLinks ? 0 : DoNotFollow;
        return Libc.Stat(Libc.CurrentDirectory, path.Value, flags, BasicStats | BirthTime | MountNumber, ref MemoryMarshal.GetReference(buffer)) == 0 ? Parse(buffer) : null;
    }

    /// <inheritdoc cref="TryRead(AbsolutePath, bool)"/>
    internal static FileStat? TryRead(RawPath path, bool followLinks = true)
    {
        Span<byte> buffer = stackalloc byte[256];
        var flags = followLinks ? 0 : DoNotFollow;
        return Libc.Stat(Libc.CurrentDirectory, path.Terminated, flags, BasicStats | BirthTime | MountNumber, ref MemoryMarshal.GetReference(buffer)) == 0 ? Parse(buffer) : null;
    }

    private static FileStat Parse(ReadOnlySpan<byte> buffer)
    {
        var mode = MemoryMarshal.Read<ushort>(buffer[28..]);
        return new FileStat
        {
            Owner = MemoryMarshal.Read<uint>(buffer[20..]),
            Group = MemoryMarshal.Read<uint>(buffer[24..]),
            Mode = (UnixFileMode)(mode & 0xFFF),
            IsRegular = (mode & 0xF000) == 0x8000,
            IsDirectory = (mode & 0xF000) == 0x4000,
            IsBlockDevice = (mode & 0xF000) == 0x6000,
            IsLink = (mode & 0xF000) == 0xA000,
            Inode = MemoryMarshal.Read<ulong>(buffer[32..]),
            Device = DeviceNumber(MemoryMarshal.Read<uint>(buffer[136..]), MemoryMarshal.Read<uint>(buffer[140..])),
            Bytes = MemoryMarshal.Read<long>(buffer[40..]),
            AllocatedBytes = MemoryMarshal.Read<long>(buffer[48..]) * BlockSize,
            Born = (MemoryMarshal.Read<uint>(buffer) & BirthTime) == 0 ? null : Time(MemoryMarshal.Read<long>(buffer[80..])),
            MountId = (MemoryMarshal.Read<uint>(buffer) & MountNumber) == 0 ? null : MemoryMarshal.Read<ulong>(buffer[144..]),
            ModifiedNanoseconds = Nanoseconds(buffer[112..]),
        };
    }

    /// <summary>True when there is certainly no such file; false also for one that is only out of reach.</summary>
    public static bool IsMissing(AbsolutePath path)
    {
        Span<byte> buffer = stackalloc byte[256];
        return Libc.Stat(Libc.CurrentDirectory, path.Value, 0, BasicStats, ref MemoryMarshal.GetReference(buffer)) != 0
            && Marshal.GetLastPInvokeError() is (NoSuchFile or NotADirectory);
    }

    /// <summary>Tells whether a directory, or a file that is none, is at a path; and the system's error where it does not say.</summary>
    internal static (Presence Presence, IOException? Failure) Look(string path, bool isDirectory)
    {
        Span<byte> buffer = stackalloc byte[256];
        if (Libc.Stat(Libc.CurrentDirectory, path, 0, BasicStats, ref MemoryMarshal.GetReference(buffer)) == 0)
        {
            return ((MemoryMarshal.Read<ushort>(buffer[28..]) & 0xF000) == 0x4000 == isDirectory ? Presence.There : Presence.Missing, null);
        }

        var failure = Libc.Failure();
        return failure.HResult is NoSuchFile or NotADirectory ? (Presence.Missing, null) : (Presence.Unknown, failure);
    }

    /// <summary>Looks which kind of file is at a path, links followed, without opening it.</summary>
    internal static FileKind KindOf(string path)
    {
        Span<byte> buffer = stackalloc byte[256];
        return Libc.Stat(Libc.CurrentDirectory, path, 0, BasicStats, ref MemoryMarshal.GetReference(buffer)) != 0 ? FileKind.Unknown : (MemoryMarshal.Read<ushort>(buffer[28..]) & 0xF000) switch
        {
            0x8000 => FileKind.Regular,
            0x4000 => FileKind.Directory,
            0x6000 => FileKind.BlockDevice,
            0x2000 => FileKind.CharacterDevice,
            0x1000 => FileKind.Pipe,
            0xC000 => FileKind.Socket,
            _ => FileKind.Unknown,
        };
    }

    // gnu_dev_makedev(3).
    private static ulong DeviceNumber(ulong major, ulong minor) =>
        ((major & 0xFFFFF000) << 32) | ((major & 0xFFF) << 8) | ((minor & 0xFFFFFF00) << 12) | (minor & 0xFF);

    /// <summary>Null: no file system tells the truth so, and .NET has no such time.</summary>
    private static DateTimeOffset? Time(long seconds) =>
        seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds() ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    private static long Nanoseconds(ReadOnlySpan<byte> timestamp) =>
        (MemoryMarshal.Read<long>(timestamp) * 1_000_000_000) + MemoryMarshal.Read<uint>(timestamp[8..]);
}
