using System.Globalization;
using System.Runtime.InteropServices;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt.Native;

namespace VmExecutor.Host.Libvirt;

/// <summary>
/// An open connection, with libvirt's functions as methods that return values or throw <see cref="LibvirtException"/>. Each
/// blocks its thread until libvirt answers, for ever if it must: <see cref="LibvirtConnection"/> puts a bound on that.
/// </summary>
internal sealed partial class LibvirtSession : IDisposable
{
    private readonly string uri;
    private readonly ConnectHandle connect;

    private LibvirtSession(string uri, ConnectHandle connect)
    {
        this.uri = uri;
        this.connect = connect;
    }

    /// <exception cref="LibvirtException">With <see cref="ErrorCodes.HypervisorUnreachable"/>.</exception>
    public static LibvirtSession Open(string uri)
    {
        LibvirtLibrary.Prepare();
        var connect = LibvirtLibrary.virConnectOpen(uri);
        if (connect.IsInvalid)
        {
            var error = LibvirtError.OfLastCall();
            throw new LibvirtException(
                ErrorCodes.HypervisorUnreachable, nameof(LibvirtLibrary.virConnectOpen), uri, error, LibvirtHint.ForOpening(uri, error, SessionDaemon.TooLong(uri)));
        }

        return new LibvirtSession(uri, connect);
    }

    public void Dispose() => connect.Dispose();

    /// <summary>A short question to the daemon, which fails if the connection is lost.</summary>
    public void Probe() => Check(LibvirtLibrary.virConnectGetLibVersion(connect, out _), nameof(LibvirtLibrary.virConnectGetLibVersion));

    public HypervisorVersion GetVersion()
    {
        Check(LibvirtLibrary.virConnectGetLibVersion(connect, out var libvirt), nameof(LibvirtLibrary.virConnectGetLibVersion));
        Check(LibvirtLibrary.virConnectGetVersion(connect, out var qemu), nameof(LibvirtLibrary.virConnectGetVersion));
        return new HypervisorVersion(Version(libvirt), Version(qemu));
    }

    public unsafe string GetCapabilities()
    {
        var xml = LibvirtLibrary.virConnectGetCapabilities(connect);
        return xml is null ? throw Failure(nameof(LibvirtLibrary.virConnectGetCapabilities)) : NativeText.Take(xml);
    }

    // libvirt-host.h: 1,000,000 * major + 1,000 * minor + release.
    private static string Version(CULong number) => string.Create(
        CultureInfo.InvariantCulture, $"{number.Value / 1_000_000}.{number.Value / 1_000 % 1_000}.{number.Value % 1_000}");

    private int Check(int result, string call) => result < 0 ? throw Failure(call) : result;

    private LibvirtException Failure(string call) =>
        Failure(call, ErrorCodes.HypervisorCallFailed, error => LibvirtHint.ForCall(uri, error));

    /// <summary>The failure of this thread's last libvirt call.</summary>
    /// <param name="call">What was called.</param>
    /// <param name="code">The driver's code for it.</param>
    /// <param name="hint">What to do.</param>
    /// <param name="domain">The domain that was to be started.</param>
    private LibvirtException Failure(string call, ErrorCode code, Func<LibvirtError, string> hint, string? domain = null)
    {
        var error = LibvirtError.OfLastCall();
        if (TpmLog.ReasonBehind(error.Message, uri, domain) is { } reason)
        {
            error = error with { Message = $"{error.Message} The log says: {reason}" };
        }

        var lost = IsConnectionLost(error);
        return new LibvirtException(code, call, uri, error, lost ? LibvirtHint.ForLostConnection(uri) : hint(error)) { ConnectionLost = lost };
    }

    /// <summary>
    /// True when the connection is lost. Numbers alone do not tell: a broken socket is a system error or an internal one of the client's
    /// RPC code, but the daemon, a client of virtlogd itself, reports the same ones about that connection. libvirt's client knows its
    /// socket, once a call has failed on it.
    /// </summary>
    private bool IsConnectionLost(LibvirtError error) =>
        error.Number is LibvirtErrorNumber.Rpc or LibvirtErrorNumber.NoConnect or LibvirtErrorNumber.InvalidConnection
        || LibvirtLibrary.virConnectIsAlive(connect) != 1;
}
