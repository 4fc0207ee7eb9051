using System.Runtime.InteropServices;
using VmExecutor.Core.Values;

namespace VmExecutor.Host.Files;

/// <summary>Owner, group and mode of a file: statx(2), whose layout is the same on every architecture.</summary>
internal sealed partial record FileStat(uint Owner, uint Group, UnixFileMode Mode, bool IsRegular, bool IsDirectory, bool IsBlockDevice)
{
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const uint BasicStats = 0x7ff; // STATX_BASIC_STATS

    /// <summary>Null when the file is missing or cannot be looked at.</summary>
    public static FileStat? TryRead(AbsolutePath path)
    {
        Span<byte> buffer = stackalloc byte[256];
        if (Statx(CurrentDirectory, path.Value, 0, BasicStats, ref MemoryMarshal.GetReference(buffer)) != 0)
        {
            return null;
        }

        var mode = MemoryMarshal.Read<ushort>(buffer[28..]);
        return new FileStat(
            MemoryMarshal.Read<uint>(buffer[20..]),
            MemoryMarshal.Read<uint>(buffer[24..]),
            (UnixFileMode)(mode & 0xFFF),
            (mode & 0xF000) == 0x8000,
            (mode & 0xF000) == 0x4000,
            (mode & 0xF000) == 0x6000);
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, ref byte buffer);
}
