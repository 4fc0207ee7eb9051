using VmExecutor.Core.Jobs;

namespace VmExecutor.Core.Leftovers;

/// <summary>
/// Decides whether something with a stamp is a leftover. Age counts from creation and in the kernel's own time: a disk's mtime and a
/// clock that was stepped say nothing. The kernel's id of the boot decides first: two hosts never have the same. If the stamp was made on
/// another host or among other process ids (a runner in a container), pids and directories seen from here mean nothing, and only the
/// job's time decides.
/// </summary>
/// <param name="Now">Here and now, by the kernel.</param>
/// <param name="Clock">By the wall clock; used only for stamps of other hosts.</param>
/// <param name="RunnerRuns">Whether the stamp's runner process still runs.</param>
/// <param name="TemporaryDirectoryExists">Whether its TMPDIR is there.</param>
/// <param name="StateMayBeShared">Whether the state directory can be another host's as well (NFS).</param>
public sealed record Judgement(HostMoment Now, DateTimeOffset Clock, bool RunnerRuns, bool TemporaryDirectoryExists, bool StateMayBeShared)
{
    /// <summary>Null: it is in use.</summary>
    /// <param name="stamp">The stamp.</param>
    /// <param name="kept">The VM is to be kept when the job is over, until its time is over.</param>
    public LeftoverReason? Of(OwnershipStamp stamp, bool kept) =>
        stamp.Made.Boot != Now.Boot ? OfAnotherBoot(stamp)
        : Now.SinceBoot - stamp.Made.SinceBoot >= stamp.Expires - stamp.Created ? LeftoverReason.TimeOver
        : kept || stamp.Made.Processes != Now.Processes ? null
        : !RunnerRuns ? LeftoverReason.RunnerGone
        : stamp.TemporaryDirectory is not null && !TemporaryDirectoryExists ? LeftoverReason.TemporaryDirectoryGone
        : null;

    private LeftoverReason? OfAnotherBoot(OwnershipStamp stamp) =>
        Now.IsSameHost(stamp.Made, StateMayBeShared) ? LeftoverReason.HostRestarted
        : Clock >= stamp.Expires ? LeftoverReason.TimeOver
        : null;
}
