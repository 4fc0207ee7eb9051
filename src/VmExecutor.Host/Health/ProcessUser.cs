using VmExecutor.Core.Values;

namespace VmExecutor.Host.Health;

/// <summary>The user of this process, and its rights to a path.</summary>
public static class ProcessUser
{
    private const int MayWriteAndPass = 2 | 1; // W_OK | X_OK, unistd.h
    private const int MayRead = 4; // R_OK
    private const int MayRun = 1; // X_OK
    private const int Effective = 0x200; // AT_EACCESS

    public static uint Id => Libc.EffectiveUser();

    /// <summary>
    /// True when this process could make files in a directory; a file system that is read-only refuses root, too (access(2)).
    /// </summary>
    public static bool MayMakeFilesIn(AbsolutePath directory) => Libc.Access(Libc.CurrentDirectory, directory.Value, MayWriteAndPass, Effective) == 0;

    public static bool MayReadFrom(AbsolutePath file) => Libc.Access(Libc.CurrentDirectory, file.Value, MayRead, Effective) == 0;

    public static bool MayExecute(AbsolutePath file) => Libc.Access(Libc.CurrentDirectory, file.Value, MayRun, Effective) == 0;
}
