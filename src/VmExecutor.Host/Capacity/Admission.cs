using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;
using VmExecutor.Host.ProjectDisks;
using VmExecutor.Host.Users;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Capacity;

/// <summary>
/// Lets a job have its VM when the host has room for it, the oldest first. Every job takes a place in the queue; only the one in front decides,
/// and it writes its claim before it leaves, so that the next one counts it. There is no process that manages this: places and claims are
/// kernel locks, job records and QEMUs.
/// </summary>
public sealed class Admission(Settings settings, StateLocks locks, ClaimSurvey survey, VmUsers users, Func<CancellationToken, Task<bool>> giveUp, TimeProvider time)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    // Looking through the process table takes some milliseconds; to see who is in front takes none.
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan TellInterval = TimeSpan.FromSeconds(15);

    // Waits shorter than this are not reported: the job only lets others pass that are being admitted at the moment.
    private static readonly TimeSpan PassingTakes = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DecidingTakes = TimeSpan.FromSeconds(5);
    private readonly UnusedDisks unusedDisks = new(settings.StateDir, locks);

    /// <summary>Writes the claim into the job's record once there is room, and tells how long the job waited; null: it did not.</summary>
    /// <param name="directory">Of the job, whose lock the caller holds; with a record.</param>
    /// <param name="stamp">The ownership stamp of the VM.</param>
    /// <param name="need">The resources that it wants.</param>
    /// <param name="services">The VMs of its services, whose locks the caller holds as well: it gets all of them or none.</param>
    /// <param name="tell">Takes the lines for the job log: at once when it begins to wait, then every 15 s.</param>
    /// <param name="cancellationToken">Ends the wait at once.</param>
    /// <exception cref="SystemFailureException">It can never fit, has waited too long, or its runner is gone.</exception>
    public async Task<TimeSpan?> WaitAsync(
        JobDirectory directory, OwnershipStamp stamp, ClaimRecord need, IReadOnlyList<Claimant> services, Action<string> tell, CancellationToken cancellationToken)
    {
        IReadOnlyList<Claimant> all = [new Claimant(directory, need), .. services];
        using var place = locks.TakePlace(HostClock.SinceBoot());
        var began = time.GetTimestamp();
        long? looked = null;
        long? told = null;
        var key = directory.Key;
        CapacityLook? look = null;
        var admitted = await new Poll(settings.Limits.WaitForCapacity, PollInterval, time).UntilAsync(
            async token =>
            {
                var first = place.CountAhead() == 0;
                var mayTell = told is null || time.GetElapsedTime(told.Value) >= TellInterval;
                if (!(first || mayTell) || (looked is { } last && time.GetElapsedTime(last) < LookInterval))
                {
                    return false;
                }

                // A job that no runner waits for must not stand in the others' way.
                WaitingRunner.EnsureLives(stamp, "so the job no longer waits for its turn");
                look = await LookAsync(all, token).ConfigureAwait(false);
                if (first && look.FindShortage() is null && await TryClaimAsync(all, place, token).ConfigureAwait(false))
                {
                    return true;
                }

                looked = time.GetTimestamp();

                // Caches that no job uses are no reason to make a job wait. The file system may take a moment to count their room.
                if (first && look.FindShortage() == Shortage.Disk && await unusedDisks.TryMakeRoomAsync(settings.Limits.DiskHeadroom, tell, token).ConfigureAwait(false))
                {
                    return false;
                }

                // Nor are clones that wait for jobs.
                if (first && look.FindShortage() is not null && await giveUp(token).ConfigureAwait(false))
                {
                    looked = null;
                    return false;
                }

                if (mayTell && (look.FindShortage() is not null || time.GetElapsedTime(began) >= PassingTakes))
                {
                    told = time.GetTimestamp();
                    tell(CapacityText.Waiting(look.FindShortage(), look, settings.StateDir, place.CountAhead()));
                }

                return false;
            },
            cancellationToken).ConfigureAwait(false);
        if (!admitted)
        {
            look = await LookAsync(all, cancellationToken).ConfigureAwait(false);
            throw CapacityFailures.WaitedTooLong(key, look, place.CountAhead(), settings.StateDir, settings.File);
        }

        return told is null ? null : time.GetElapsedTime(began);
    }

    /// <summary>Writes the claim if there is room now and no job waits for it; for clones that no job waits for. False: there is not.</summary>
    /// <inheritdoc cref="WaitAsync" path="/param"/>
    public async Task<bool> TryAsync(JobDirectory directory, ClaimRecord need, CancellationToken cancellationToken)
    {
        using var place = locks.TakePlace(HostClock.SinceBoot());
        return place.CountAhead() == 0
            && (await LookAsync([new Claimant(directory, need)], cancellationToken).ConfigureAwait(false)).FindShortage() is null
            && await TryClaimAsync([new Claimant(directory, need)], place, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Claims the resources for the job if it is in front and they are free. Two jobs that arrive in the same moment may both see no
    /// other in front, since a place is chosen before it is held. So the question is asked once more under a lock.
    /// </summary>
    private async Task<bool> TryClaimAsync(IReadOnlyList<Claimant> all, QueuePlace place, CancellationToken cancellationToken)
    {
        using var gate = await locks.TakeCapacityAsync(DecidingTakes, cancellationToken).ConfigureAwait(false);
        if (gate is null || place.CountAhead() > 0 || (await LookAsync(all, cancellationToken).ConfigureAwait(false)).FindShortage() is not null)
        {
            return false;
        }

        var taken = await users.TryTakeAsync([.. all.Select(one => one.Directory.Paths.Directory)], cancellationToken).ConfigureAwait(false);
        if (taken is null && users.Pool is not null)
        {
            return false;
        }

        // The job's own comes last: with it, all have theirs.
        for (var number = all.Count - 1; number >= 0; number--)
        {
            var (directory, need) = all[number];
            var user = taken?[number].Name;
            await directory.UpdateAsync(locks, record => record with { Claim = need, Stamp = record.Stamp with { User = user } }, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private async Task<CapacityLook> LookAsync(IReadOnlyList<Claimant> all, CancellationToken cancellationToken) =>
        Look(all, settings, await survey.FindAsync([.. all.Select(one => one.Directory.Key)], cancellationToken).ConfigureAwait(false), (users.Pool?.Users.Count, users.CountFree()));

    /// <summary>Refuses a job that does not fit into a host without any VM.</summary>
    /// <exception cref="SystemFailureException">It can never fit.</exception>
    public static void EnsureEverFits(JobKey key, IReadOnlyList<ClaimRecord> needs, Settings settings) => Look(key, needs, settings, [], (null, null));

    private static CapacityLook Look(IReadOnlyList<Claimant> all, Settings settings, IReadOnlyList<LiveClaim> claims, (int? All, int? Free) users) =>
        Look(all[0].Directory.Key, [.. all.Select(one => one.Need)], settings, claims, users);

    private static CapacityLook Look(JobKey key, IReadOnlyList<ClaimRecord> needs, Settings settings, IReadOnlyList<LiveClaim> claims, (int? All, int? Free) users)
    {
        var look = new CapacityLook
        {
            Limits = settings.Limits,
            Host = HostRoom.Read(settings.StateDir),
            Claims = claims,
            NeededBytes = needs.Sum(need => need.ReservedBytes),
            WholeBytes = needs.Sum(need => need.MemoryBytes),
            NeededVms = needs.Count,
            Users = users.All,
            FreeUsers = users.Free,
        };
        return look.FindImpossibility() is { } impossibility
            ? throw CapacityFailures.NeverFits(key, impossibility, look, settings.StateDir, settings.File)
            : look;
    }
}

/// <summary>A clone that wants a share of the host.</summary>
/// <param name="Directory">Its directory, with a record.</param>
/// <param name="Need">The resources.</param>
public sealed record Claimant(JobDirectory Directory, ClaimRecord Need);
