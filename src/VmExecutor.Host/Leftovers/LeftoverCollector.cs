using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Leftovers;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Observing;

namespace VmExecutor.Host.Leftovers;

/// <summary>
/// Removes leftovers of jobs: the work of <c>vm-executor gc</c>. Safe beside running jobs and other collections: each job is removed
/// under its lock, and only if it is still a leftover then.
/// </summary>
public sealed class LeftoverCollector(Machine machine)
{
    /// <summary>The longest that removing one job may take; a VM whose QEMU does not end must not keep the others waiting.</summary>
    private static readonly TimeSpan PerJob = TimeSpan.FromMinutes(1);

    /// <summary>All that can be left, also what no file tells of.</summary>
    /// <param name="dryRun">Only say what would be removed.</param>
    /// <param name="progress">Told how many leftovers of jobs were seen to, and how many there are.</param>
    /// <param name="cancellationToken">Ends the work between two steps; what was begun is found again next time.</param>
    /// <exception cref="SystemFailureException">Nothing can be judged: the state directory or libvirt does not answer.</exception>
    public Task<Collection> CollectAsync(bool dryRun, Action<int, int> progress, CancellationToken cancellationToken) => CollectAsync(dryRun, isQuick: false, except: null, progress, cancellationToken);

    /// <inheritdoc cref="CollectAsync(bool, Action{int, int}, CancellationToken)"/>
    public Task<Collection> CollectAsync(bool dryRun, CancellationToken cancellationToken) => CollectAsync(dryRun, (_, _) => { }, cancellationToken);

    /// <summary>For a stage of a job: no process is started to find out what is left.</summary>
    /// <param name="except">A job that is left out, since its own stage removes it.</param>
    /// <param name="cancellationToken">As with <see cref="CollectAsync(bool, Action{int, int}, CancellationToken)"/>.</param>
    /// <exception cref="SystemFailureException">As there.</exception>
    public Task<Collection> CollectQuicklyAsync(JobKey? except, CancellationToken cancellationToken) => CollectAsync(dryRun: false, isQuick: true, except, (_, _) => { }, cancellationToken);

    private async Task<Collection> CollectAsync(bool dryRun, bool isQuick, JobKey? except, Action<int, int> progress, CancellationToken cancellationToken)
    {
        var found = await machine.Survey.TakeAsync(cancellationToken).ConfigureAwait(false);
        var leftovers = new List<CollectedLeftover>();

        // Services go with their jobs, so those that are left when the jobs are gone come last.
        var left = found.Jobs.Where(job => job.Leftover is not null && job.Key != except && !(job.IsService && job.Job == except)).OrderBy(job => job.IsService).ToList();
        foreach (var (number, job) in left.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress(number, left.Count);
            if (job.IsService && leftovers.Any(other => other.Name == job.Job.Value && other.Outcome == CollectionOutcome.Removed))
            {
                continue;
            }

            leftovers.Add(dryRun
                ? new CollectedLeftover(job.Key.Value, job.Leftover!.Value, CollectionOutcome.WouldBeRemoved, Parts(job))
                : await RemoveAsync(job, cancellationToken).ConfigureAwait(false));
        }

        leftovers.AddRange(found.HalfMade.Select(file => RemoveFile(file, dryRun)));
        leftovers.AddRange(RemoveLinks(dryRun));
        leftovers.AddRange(await CollectUsersAsync(dryRun, cancellationToken).ConfigureAwait(false));
        leftovers.AddRange((await machine.Egress.CollectAsync(dryRun, asksKernel: !isQuick, cancellationToken).ConfigureAwait(false)).Select(policy => new CollectedLeftover(
            policy.User, LeftoverReason.UserWithoutClone, policy.Failure is not null ? CollectionOutcome.Failed : dryRun ? CollectionOutcome.WouldBeRemoved : CollectionOutcome.Removed, ["egress policy"], policy.Failure)));
        leftovers.AddRange(HalfMadeGenerations.Collect(machine.Catalogue, machine.Locks, dryRun, cancellationToken));
        return new Collection(
            leftovers,
            [.. found.Jobs.Where(job => job.Doubt is not null).Select(job => $"job {job.Key}: {job.Doubt}"), .. found.Others.Select(path => $"{path} was not made by vm-executor and is left alone"), .. found.Problems],
            found.Jobs.Count(job => job.Leftover is null && job.Doubt is null));
    }

    /// <summary>Processes and files that a clone's user has after the clone is gone.</summary>
    private async Task<IEnumerable<CollectedLeftover>> CollectUsersAsync(bool dryRun, CancellationToken cancellationToken) =>
        (await machine.Users.CollectAsync(dryRun, cancellationToken).ConfigureAwait(false)).Select(left => new CollectedLeftover(
            left.User,
            LeftoverReason.UserWithoutClone,
            left.Failure is not null ? CollectionOutcome.Failed : dryRun ? CollectionOutcome.WouldBeRemoved : CollectionOutcome.Removed,
            left.Parts,
            left.Failure));

    private async Task<CollectedLeftover> RemoveAsync(FoundJob job, CancellationToken cancellationToken)
    {
        var reason = job.Leftover!.Value;
        using var deadline = new CancellationTokenSource(PerJob, machine.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var held = machine.Locks.TryTake(job.Key);
            if (held is null || !await IsStillAsync(job, stop.Token).ConfigureAwait(false))
            {
                return new CollectedLeftover(job.Key.Value, reason, CollectionOutcome.Busy, []);
            }

            // Looked at before the job's directory goes, since that tells whose it is.
            var ofRunner = machine.Judge.RunnerDirectoryOf(job);
            var removal = await machine.RemoverAt(job.LibvirtUri).RemoveAsync(
                job.Key, JobDirectory.Of(machine.StateDir, job.Key), job.Processes, grace: null, _ => { }, hurry: stop.Token, stop.Token).ConfigureAwait(false);
            var unnoted = await NoteAsync(job, removal, reason, stop.Token).ConfigureAwait(false);
            var (more, kept) = RemoveRunnerDirectory(ofRunner);
            return new CollectedLeftover(
                job.Key.Value, reason, CollectionOutcome.Removed, [.. removal.Parts, .. more], string.Join("; ", new[] { unnoted, kept }.OfType<string>()) is { Length: > 0 } failure ? failure : null);
        }
        catch (Exception e) when (e is SystemFailureException or OperationCanceledException or TimeoutException || HostFileException.Explains(e))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var why = e is not OperationCanceledException ? e.Message : $"it took longer than {DurationText.Format(PerJob)}";
            return new CollectedLeftover(job.Key.Value, reason, CollectionOutcome.Failed, Parts(job), why);
        }
    }

    /// <returns>What was removed, and why something of it is still there.</returns>
    private static (IReadOnlyList<string> Parts, string? Failure) RemoveRunnerDirectory(RunnerDirectory? directory)
    {
        if (directory is null)
        {
            return ([], null);
        }

        if (directory.WhyNot is { } why)
        {
            return ([], $"the directory {directory.Path} of its runner, which is gone, was left alone: {why}. Look at it and remove it by hand: it can hold secrets of the job");
        }

        try
        {
            directory.Remove();
            return ([$"directory {directory.Path}"], null);
        }
        catch (HostFileException e)
        {
            return ([], $"the directory {directory.Path} of its runner, which is gone, is still there: {e.Message}. Remove it by hand: it can hold secrets of the job");
        }
    }

    /// <summary>
    /// Judges it again under the job's lock: the record first, as in the survey. An attempt of the same job may have begun since, or
    /// cleanup come after all.
    /// </summary>
    private async Task<bool> IsStillAsync(FoundJob job, CancellationToken cancellationToken)
    {
        var (record, outOfReach) = JobDirectory.Of(machine.StateDir, job.Key).Look();
        if (outOfReach is not null)
        {
            return false;
        }

        if (record is not null)
        {
            return machine.Judge.Of(record.Stamp, record) is not null
                || (job.Leftover == LeftoverReason.VmGone && record.IsStandby
                    && await machine.Hypervisors.At(record.LibvirtUri).FindStatusAsync(record.Domain, cancellationToken).ConfigureAwait(false) is null);
        }

        var xml = job.HasDomain ? await machine.Hypervisors.At(job.LibvirtUri).FindXmlAsync(job.Key.Domain.Value, inactive: false, cancellationToken).ConfigureAwait(false) : null;
        var stamp = xml is null ? null : StampXml.TryRead(XmlText.Parse(xml));
        return stamp is null || machine.Judge.Of(stamp, record: null) is not null;
    }

    /// <returns>Why the ledger does not have it; null: it has.</returns>
    private async Task<string?> NoteAsync(FoundJob job, Removal removal, LeftoverReason reason, CancellationToken cancellationToken)
    {
        if (removal.Parts.Count == 0 || removal.Record is { IsStandby: true })
        {
            // Another process was quicker, and has noted it; or there never was a job.
            return null;
        }

        var entry = LedgerEntries.Of(job.Key, removal, "gc", removal.Record?.Keep?.Result ?? "leftover", LeftoverText.Name(reason), machine.Time.GetUtcNow());
        try
        {
            await machine.Ledger.AppendAsync(
                entry with { Project = entry.Project ?? job.Stamp?.Project, Image = entry.Image ?? job.Stamp?.Image, Created = entry.Created ?? job.Stamp?.Created },
                cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (SystemFailureException e)
        {
            return e.Message;
        }
    }

    private static CollectedLeftover RemoveFile(AbsolutePath file, bool dryRun)
    {
        try
        {
            if (!dryRun)
            {
                HostFile.Delete(file.Value);
            }

            return new CollectedLeftover(file.Value, LeftoverReason.HalfMade, dryRun ? CollectionOutcome.WouldBeRemoved : CollectionOutcome.Removed, [$"file {file}"]);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            return new CollectedLeftover(file.Value, LeftoverReason.HalfMade, CollectionOutcome.Failed, [], e.Message);
        }
    }

    /// <summary>The links to standby clones that mean nothing. A link that stays does no harm, so a failure is told and stops nothing.</summary>
    private List<CollectedLeftover> RemoveLinks(bool dryRun)
    {
        var links = JobPaths.Taken(machine.StateDir);
        try
        {
            return
            [
                .. from link in machine.Taken.RemoveIdle(machine.Locks, dryRun)
                   let outcome = link.Failure is not null ? CollectionOutcome.Failed : dryRun ? CollectionOutcome.WouldBeRemoved : CollectionOutcome.Removed
                   select new CollectedLeftover(link.Job.Value, LeftoverReason.HalfMade, outcome, [$"link {links.Child(link.Job.Value)}"], link.Failure),
            ];
        }
        catch (HostFileException e)
        {
            return [new CollectedLeftover(links.Value, LeftoverReason.HalfMade, CollectionOutcome.Failed, [], e.Message)];
        }
    }

    private List<string> Parts(FoundJob job) =>
    [
        .. job.Processes.Select(process => process.ToString()),
        .. job.HasDomain ? new[] { $"domain {job.Key.Domain}" } : [],
        .. job.HasDirectory ? new[] { $"directory {JobPaths.For(machine.StateDir, job.Key).Directory}" } : [],
        .. machine.Judge.RunnerDirectoryOf(job) is { WhyNot: null } ofRunner ? new[] { $"directory {ofRunner.Path}" } : [],
    ];
}
