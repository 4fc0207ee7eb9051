using System.Globalization;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Libvirt;

namespace VmExecutor.Host.Hypervisor;

/// <summary>libvirt did not answer within the call's time limit. It may still carry out the call when it recovers.</summary>
public sealed class HypervisorTimeoutException(string call, string uri, TimeSpan limit, Exception? inner = null)
    : HypervisorException(
        ErrorCodes.HypervisorCallTimedOut,
        string.Create(CultureInfo.InvariantCulture, $"libvirt at {uri} was asked {call} and did not answer within {limit.TotalSeconds:0.###} s"),
        $"Look whether 'virsh -c {uri} list' answers; if not, {Restarting(uri)}. If it is only slow, raise call_timeout under libvirt.",
        inner)
{
    private static string Restarting(string uri) => (LibvirtUri.IsRemote(uri), LibvirtUri.IsOfUser(uri)) switch
    {
        (true, _) => "restart the libvirt daemon of that host",
        (false, true) => "end that user's libvirt daemon, which starts anew when it is called",
        _ => $"restart the libvirt daemon ({HostDaemon.Find().Restart}; running domains stay)",
    };

    /// <summary>The request to libvirt, as the end of a sentence: "to destroy 'x'".</summary>
    public string Call { get; } = call;

    public TimeSpan Limit { get; } = limit;
}
