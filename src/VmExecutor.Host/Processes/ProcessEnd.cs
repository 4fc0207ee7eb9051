using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace VmExecutor.Host.Processes;

/// <summary>
/// The end of this process. exit(3), which is called behind the end of Main, calls the functions that libraries have registered for the end of a process. libvirt brings some forty libraries, and
/// OpenSSL frees all of its memory there (OPENSSL_cleanup), while the thread of a libvirt connection may still be closing it, or freeing what it has of its own. Seen: SIGABRT from malloc, "unaligned fastbin
/// chunk detected". So no library is told: the kernel takes everything back.
/// </summary>
public static class ProcessEnd
{
    /// <summary>Ends the process at once. What was written must have been flushed, and the terminal must be as it was.</summary>
    [DoesNotReturn]
    public static void Now(int exitCode)
    {
        Libc.Exit(exitCode);
        throw new UnreachableException();
    }
}
