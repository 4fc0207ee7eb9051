using VmExecutor.Core.Failures;

namespace VmExecutor.Host.Hypervisor;

/// <summary>libvirt's client library is not installed, or is too old to have a function we call.</summary>
public sealed class HypervisorLibraryMissingException(Exception inner)
    : HypervisorException(
        ErrorCodes.HypervisorLibraryMissing,
        $"libvirt's client library cannot be used: {inner.Message.ReplaceLineEndings(" ")}",
        "Install it: apt-get install libvirt0 libvirt-clients.",
        inner);
