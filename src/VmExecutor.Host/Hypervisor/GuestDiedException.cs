using VmExecutor.Core.Failures;

namespace VmExecutor.Host.Hypervisor;

/// <summary>The clone stopped running although the driver did not end it.</summary>
/// <param name="domain">Its name.</param>
/// <param name="how">The end, in libvirt's words.</param>
/// <param name="hint">The hint.</param>
/// <param name="consoleTail">The last lines of its console.</param>
public sealed class GuestDiedException(string domain, string how, string hint, IReadOnlyList<string> consoleTail)
    : SystemFailureException(ErrorCodes.GuestDied, $"the job's VM {domain} {how}", hint)
{
    public IReadOnlyList<string> ConsoleTail { get; } = consoleTail;
}
