using System.Globalization;
using VmExecutor.Core.Failures;

namespace VmExecutor.Host.Hypervisor;

/// <summary>libvirt did not answer within the call's time limit. It may still carry out the call when it recovers.</summary>
public sealed class HypervisorTimeoutException(string call, string uri, TimeSpan limit, Exception? inner = null)
    : HypervisorException(
        ErrorCodes.HypervisorCallTimedOut,
        string.Create(CultureInfo.InvariantCulture, $"libvirt at {uri} was asked {call} and did not answer within {limit.TotalSeconds:0.###} s"),
        $"Look whether 'virsh -c {uri} list' answers; if not, restart the libvirt daemon (systemctl restart libvirtd; running domains stay). If it is only slow, raise call_timeout under libvirt.",
        inner)
{
    /// <summary>The request to libvirt, as the end of a sentence: "to destroy 'x'".</summary>
    public string Call { get; } = call;

    public TimeSpan Limit { get; } = limit;
}
