using VmExecutor.Core.Capacity;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Capacity;

/// <summary>
/// Lets a job have its VM when the host has room for it, the oldest first. Every job takes a place in the queue; only the one in front decides,
/// and it writes its claim before it leaves, so that the next one counts it. There is no process that manages this: places and claims are
/// kernel locks, job records and QEMUs.
/// </summary>
public sealed class Admission(Settings settings, StateLocks locks, ClaimSurvey survey, TimeProvider time)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    // Looking through the process table takes some milliseconds; to see who is in front takes none.
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan TellInterval = TimeSpan.FromSeconds(15);

    // A job that only lets others pass who are just being admitted does not wait in a way that anybody wants to read of.
    private static readonly TimeSpan PassingTakes = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DecidingTakes = TimeSpan.FromSeconds(5);

    /// <summary>The record with the claim in it, as it is in the job's directory, and how long the job waited; null: it did not.</summary>
    /// <param name="key">The job, whose lock the caller holds.</param>
    /// <param name="directory">Its directory, with a record.</param>
    /// <param name="record">That record.</param>
    /// <param name="need">What it wants.</param>
    /// <param name="tell">Takes the lines for the job log: at once when it begins to wait, then every 15 s.</param>
    /// <param name="cancellationToken">Ends the wait at once.</param>
    /// <exception cref="SystemFailureException">It can never fit, has waited too long, or nobody waits for it any more.</exception>
    public async Task<(JobRecord Record, TimeSpan? Waited)> WaitAsync(
        JobKey key, JobDirectory directory, JobRecord record, ClaimRecord need, Action<string> tell, CancellationToken cancellationToken)
    {
        using var place = locks.TakePlace(HostClock.SinceBoot());
        var began = time.GetTimestamp();
        long? looked = null;
        long? told = null;
        JobRecord? claimed = null;
        CapacityLook? look = null;
        var admitted = await new Question(settings.Limits.WaitForCapacity, PollInterval, time).AskAsync(
            async token =>
            {
                var first = place.CountAhead() == 0;
                var mayTell = told is null || time.GetElapsedTime(told.Value) >= TellInterval;
                if (!(first || mayTell) || (looked is { } last && time.GetElapsedTime(last) < LookInterval))
                {
                    return false;
                }

                EnsureSomebodyWaits(record.Stamp);
                look = await LookAsync(key, need, token).ConfigureAwait(false);
                if (first && look.FindShortage() is null && (claimed = await TryClaimAsync(key, directory, record, need, place, token).ConfigureAwait(false)) is not null)
                {
                    return true;
                }

                looked = time.GetTimestamp();
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
            look = await LookAsync(key, need, cancellationToken).ConfigureAwait(false);
            throw CapacityFailures.WaitedTooLong(key, look, place.CountAhead(), settings.StateDir, settings.File);
        }

        return (claimed!, told is null ? null : time.GetElapsedTime(began));
    }

    /// <summary>
    /// Two who arrive in the same moment may both see nobody in front, since a place is chosen before it is held. So the question is asked once more
    /// where only one can ask it.
    /// </summary>
    private async Task<JobRecord?> TryClaimAsync(
        JobKey key, JobDirectory directory, JobRecord record, ClaimRecord need, QueuePlace place, CancellationToken cancellationToken)
    {
        using var gate = await locks.TakeCapacityAsync(DecidingTakes, cancellationToken).ConfigureAwait(false);
        if (gate is null || place.CountAhead() > 0 || (await LookAsync(key, need, cancellationToken).ConfigureAwait(false)).FindShortage() is not null)
        {
            return null;
        }

        var claimed = record with { Claim = need };
        directory.Write(claimed);
        return claimed;
    }

    private async Task<CapacityLook> LookAsync(JobKey key, ClaimRecord need, CancellationToken cancellationToken)
    {
        var look = new CapacityLook
        {
            Limits = settings.Limits,
            Host = HostMeter.Read(settings.StateDir),
            Claims = await survey.FindAsync(key, cancellationToken).ConfigureAwait(false),
            NeededBytes = need.MemoryBytes,
        };
        return look.FindImpossibility() is { } impossibility
            ? throw CapacityFailures.NeverFits(key, impossibility, look, settings.StateDir, settings.File)
            : look;
    }

    /// <summary>A runner that is gone will call neither run nor cleanup, and a job of it must not stand in the others' way.</summary>
    private static void EnsureSomebodyWaits(OwnershipStamp stamp)
    {
        if (!ProcessTable.Runs(stamp.Runner))
        {
            throw new SystemFailureException(
                ErrorCodes.RunnerGone,
                $"the runner that asked for this VM (process {stamp.Runner.Pid}) is gone, so the job no longer waits for its turn",
                "See why the runner ended: journalctl -u gitlab-runner");
        }
    }
}
