using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Core.Usage;

/// <summary>The memory of the host that is kept for a job's VM.</summary>
public static class Reservation
{
    /// <param name="declared">The claim by the VM's size.</param>
    /// <param name="most">The most that the last runs of the job took; null: too few are known.</param>
    /// <param name="limits">How much is added, and the least.</param>
    /// <returns>The claim, which is never more than the VM's size.</returns>
    public static ClaimRecord Of(ClaimRecord declared, long? most, LimitSettings limits)
    {
        if (limits.Reserve != ReserveMode.Learned || most is not { } bytes)
        {
            return declared;
        }

        var wanted = Math.Clamp(bytes, 0, long.MaxValue / 8) / 100.0 * (100 + limits.ReserveMargin);
        var reserved = Math.Max((long)Math.Ceiling(wanted), limits.ReserveFloor.Bytes);
        return reserved < declared.MemoryBytes ? declared with { LearnedBytes = reserved } : declared;
    }
}
