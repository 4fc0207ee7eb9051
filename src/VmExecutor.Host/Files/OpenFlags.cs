using System.Runtime.InteropServices;

namespace VmExecutor.Host.Files;

/// <summary>Flags of open(2), some of which have other numbers on arm64 (asm/fcntl.h).</summary>
internal static class OpenFlags
{
    private const int CloseOnExec = 0x80000; // O_CLOEXEC

    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>Read a directory, and nothing that is none (O_DIRECTORY).</summary>
    public static int Directory { get; } = CloseOnExec | (IsArm ? 0x4000 : 0x10000);

    /// <summary>The same, and no link to one (O_NOFOLLOW).</summary>
    public static int DirectoryItself { get; } = Directory | (IsArm ? 0x8000 : 0x20000);
}
