using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace VmExecutor.Host.Processes;

/// <summary>
/// The end of this process. exit(3), which is called behind the end of Main, calls the functions that libraries have registered for the end of a process. libvirt brings some forty libraries, and
/// OpenSSL frees all of its memory there (OPENSSL_cleanup), while the thread of a libvirt connection may still be closing it, or freeing what it has of its own. Seen: SIGABRT from malloc, "unaligned fastbin
/// chunk detected". So no library is told: the kernel takes everything back.
/// </summary>
public static class ProcessEnd
{
    private const string CLibrary = "libc.so.6";

    /// <summary>Lets _exit(2) be the first function that exit(3) calls. .NET ends as usual before that, and removes files of its own.</summary>
    /// <param name="exitCode">What Main is to return.</param>
    public static int WithoutLibraries(int exitCode)
    {
        _ = Libc.OnExit(NativeLibrary.GetExport(NativeLibrary.Load(CLibrary), "_exit"), 0);
        return exitCode;
    }

    /// <summary>Ends the process at once, where Main does not return. What was written must have been flushed.</summary>
    [DoesNotReturn]
    public static void Now(int exitCode)
    {
        Libc.Exit(exitCode);
        throw new UnreachableException();
    }
}
