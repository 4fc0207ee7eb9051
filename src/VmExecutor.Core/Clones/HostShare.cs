using VmExecutor.Core.Configuration;
using VmExecutor.Core.Values;

namespace VmExecutor.Core.Clones;

/// <summary>The size <c>auto</c>: one VM's share of the host, which is divided by the number of VMs it takes.</summary>
/// <param name="Cpus">At least one.</param>
/// <param name="Memory">A whole number of 64 MiB, at least one of them.</param>
public sealed record HostShare(int Cpus, ByteSize Memory)
{
    private const long Step = 64L << 20;

    /// <summary>Null: nothing says among how many.</summary>
    /// <param name="cpus">The host's processors.</param>
    /// <param name="memory">The host's memory, altogether.</param>
    /// <param name="limits">How many VMs there may be, and what none of them gets.</param>
    public static HostShare? Of(int cpus, ByteSize memory, LimitSettings limits)
    {
        if (limits.MaxVms is not { } vms)
        {
            return null;
        }

        var each = Math.Max(0, memory.Bytes - limits.MemoryHeadroom.Bytes) / vms;
        return new HostShare(Math.Max(1, cpus / vms), new ByteSize(Math.Max(Step, each / Step * Step)));
    }
}
