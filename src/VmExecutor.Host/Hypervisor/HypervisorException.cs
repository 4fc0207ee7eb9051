using VmExecutor.Core.Failures;

namespace VmExecutor.Host.Hypervisor;

/// <summary>libvirt refused or failed a call, could not be reached, or did not answer in time.</summary>
public class HypervisorException(ErrorCode code, string message, string hint, Exception? inner = null)
    : SystemFailureException(code, message, hint, inner)
{
    /// <summary>The connection was lost during the call: it is not known whether it was carried out; a new connection may tell.</summary>
    public bool ConnectionLost { get; init; }
}
