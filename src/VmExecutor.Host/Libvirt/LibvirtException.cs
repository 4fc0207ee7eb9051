using System.Globalization;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Libvirt;

/// <summary>A libvirt call failed; its message is libvirt's whole message with what was called and where.</summary>
public sealed class LibvirtException(ErrorCode code, string call, string uri, LibvirtError error, string hint)
    : HypervisorException(code, Describe(call, uri, error), hint)
{
    /// <summary>The libvirt function, and the domain if there is one.</summary>
    public string Call { get; } = call;

    public LibvirtError Error { get; } = error;

    private static string Describe(string call, string uri, LibvirtError error) => string.Create(
        CultureInfo.InvariantCulture,
        $"libvirt at {uri} failed {call}: {error.Message} (libvirt error {(int)error.Number}, domain {(int)error.Domain})");
}
