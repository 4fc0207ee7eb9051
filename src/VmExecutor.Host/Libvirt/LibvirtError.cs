using VmExecutor.Host.Libvirt.Native;

namespace VmExecutor.Host.Libvirt;

/// <summary>
/// libvirt's error for a failed call. <paramref name="SystemError"/> is the errno behind a <see cref="LibvirtErrorNumber.SystemError"/>
/// (its int1; virterror.c, virReportSystemErrorFull), 0 where there is none.
/// </summary>
public sealed record LibvirtError(
    LibvirtErrorNumber Number, LibvirtErrorDomain Domain, LibvirtErrorLevel Level, string Message, int SystemError)
{
    // errno.h, the same on every architecture .NET runs on.
    private const int NoSuchFile = 2;
    private const int IoFailed = 5;
    private const int DeviceOrResourceBusy = 16;
    private const int BrokenPipe = 32;
    private const int ConnectionReset = 104;
    private const int ConnectionRefused = 111;

    /// <summary>The daemon does not let us.</summary>
    public bool IsRefusal => Number
        is LibvirtErrorNumber.AccessDenied
        or LibvirtErrorNumber.OperationDenied
        or LibvirtErrorNumber.AuthenticationFailed
        or LibvirtErrorNumber.AuthenticationCancelled
        or LibvirtErrorNumber.AuthenticationUnavailable;

    /// <summary>The programs of an emulated TPM are missing or failed (libvirt's virtpm.c and qemu_tpm.c: both messages name swtpm).</summary>
    public bool IsOfTheTpm => Message.Contains("swtpm", StringComparison.Ordinal);

    /// <summary>A file system refuses to bypass the host's page cache (QEMU's file-posix.c; O_DIRECT in open(2)).</summary>
    public bool IsOfDirectAccess => Message.Contains("O_DIRECT", StringComparison.Ordinal);

    /// <summary>At opening: there is no socket or port, or it refuses, or breaks off; a daemon that restarts does all of that.</summary>
    public bool IsNobodyListening => SystemError is NoSuchFile or ConnectionReset or ConnectionRefused or BrokenPipe or IoFailed;

    /// <summary>
    /// A domain that another call still works on, or whose QEMU does not end ("Failed to terminate process 4711 with SIGKILL:
    /// Device or resource busy").
    /// </summary>
    public bool IsStillBusy => Number is LibvirtErrorNumber.OperationTimeout || SystemError is DeviceOrResourceBusy;

    /// <summary>The error of this thread's last libvirt call; to be read before any other libvirt call, freeing a handle included.</summary>
    internal static unsafe LibvirtError OfLastCall()
    {
        var error = LibvirtLibrary.virGetLastError();
        return error is null
            ? new LibvirtError(LibvirtErrorNumber.None, LibvirtErrorDomain.None, LibvirtErrorLevel.None, "no reason given", 0)
            : new LibvirtError(
                (LibvirtErrorNumber)error->Code,
                (LibvirtErrorDomain)error->Domain,
                (LibvirtErrorLevel)error->Level,
                NativeText.Read(error->Message),
                (LibvirtErrorNumber)error->Code is LibvirtErrorNumber.SystemError ? Math.Max(error->Number1, 0) : 0);
    }
}
