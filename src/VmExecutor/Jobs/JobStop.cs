using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Observing;

namespace VmExecutor.Jobs;

/// <summary>
/// <c>stop</c>: ends a job's VM. Of a job that a runner still works on, only the VM is removed: its stages report why, and its cleanup
/// removes the rest and writes the ledger's line. Of a job that is kept or left, everything is removed at once.
/// </summary>
internal sealed class JobStop(Machine machine)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private const string RemovedBy = "stop";

    /// <exception cref="SystemFailureException">There is no such job, or several; or nothing can be said of it.</exception>
    public async Task<FoundJob> FindAsync(string text, CancellationToken cancellationToken)
    {
        // A service is stopped with its job.
        List<FoundJob> jobs = [.. (await machine.Survey.TakeAsync(cancellationToken)).Jobs.Where(job => !job.IsService)];
        var key = JobChoice.Decide(text, [.. jobs.Select(job => job.Job)]);
        var job = jobs.First(job => job.Job == key);
        return job.Doubt is null
            ? job
            : throw new SystemFailureException(ErrorCodes.DomainNotOurs, $"job {key} is not touched: {job.Doubt}", "Look at what is there: vm-executor list --leaks.");
    }

    /// <summary>True when a runner works on it: then its log will say who stopped it.</summary>
    public static bool IsInUse(FoundJob job) => job is { Leftover: null, Record: not ({ Kept: true } or { IsStandby: true }) };

    /// <param name="job">As it was found.</param>
    /// <param name="who">For the job's log.</param>
    /// <param name="tell">Told what people should know.</param>
    /// <param name="cancellationToken">Hurries.</param>
    /// <exception cref="SystemFailureException">Another process is at work on it, or a part of it would not end.</exception>
    public async Task RunAsync(FoundJob job, string who, Action<string> tell, CancellationToken cancellationToken)
    {
        using var held = machine.Locks.TryTake(job.Key) ?? throw new SystemFailureException(
            ErrorCodes.JobIsBusy,
            $"job {job.Job} is being prepared or removed at this moment",
            "Try again when that is over; a job that is being prepared is best cancelled in GitLab.");
        var hypervisor = machine.Hypervisors.At(job.LibvirtUri);
        var directory = JobDirectory.Of(machine.StateDir, job.Key);

        // Looked at again, under the job's lock.
        if (IsInUse(job) && directory.Read() is { Kept: false, IsStandby: false })
        {
            await StopVmAsync(job.Key, directory, hypervisor, who, cancellationToken);
            tell($"the VM of job {job.Job} was stopped; its runner learns it at once or at the next script, and removes the rest");
        }
        else
        {
            await RemoveAsync(job, directory, tell, cancellationToken);
        }
    }

    /// <summary>The reason is written down first: the stage that misses its VM reads it.</summary>
    private async Task StopVmAsync(JobKey key, JobDirectory directory, IHypervisor hypervisor, string who, CancellationToken cancellationToken)
    {
        var xml = await hypervisor.FindXmlAsync(key.Domain.Value, inactive: false, cancellationToken);
        if (xml is not null && StampXml.KeyIn(XmlText.Parse(xml)) != key.Value)
        {
            throw new SystemFailureException(ErrorCodes.DomainNotOurs, $"there is a domain {key.Domain} without this driver's ownership stamp; it was left alone", "See 'vm-executor list'.");
        }

        var stopped = StopRecord.ByHand(who, machine.Time.GetUtcNow(), directory.DiskBytes());
        await directory.UpdateAsync(machine.Locks, record => record.Stopped is null ? record with { Stopped = stopped } : null, cancellationToken);
        try
        {
            await new DomainStopper(hypervisor, machine.Time).DestroyAsync(key.Domain.Value, cancellationToken);
        }
        catch (Exception e) when (e is HypervisorException or OperationCanceledException)
        {
            await directory.UpdateAsync(machine.Locks, record => record.Stopped == stopped ? record with { Stopped = null } : null, CancellationToken.None);
            throw;
        }

        directory.RemoveOverlays();
    }

    private async Task RemoveAsync(FoundJob job, JobDirectory directory, Action<string> tell, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Limit, machine.Time);
        var removal = await machine.RemoverAt(job.LibvirtUri).RemoveAsync(
            job.Key, directory, job.Processes, directory.Read()?.ShutdownGrace, tell, hurry: cancellationToken, deadline.Token);
        if (removal.Parts.Count > 0)
        {
            var entry = LedgerEntries.Of(job.Key, removal, RemovedBy, "stopped", removal.Record?.Stopped?.Reason ?? ErrorCodes.JobStoppedByHand.ToString(), machine.Time.GetUtcNow());
            await machine.Ledger.AppendAsync(entry, deadline.Token);
        }

        tell(removal.Parts.Count == 0 ? $"nothing was left of job {job.Job}" : $"job {job.Job} is over: {string.Join(", ", removal.Parts)} removed");
    }
}
