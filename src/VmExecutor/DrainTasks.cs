using VmExecutor.Core.Capacity;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Observing;
using VmExecutor.StandingBy;

namespace VmExecutor;

/// <summary>The work of <c>drain</c> and <c>undrain</c>.</summary>
internal sealed class DrainTasks(Invocation invocation, string? configOption)
{
    private const int MostNames = 5;
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    /// <summary>After this time the jobs are named again, though they are the same.</summary>
    private static readonly TimeSpan TellInterval = TimeSpan.FromMinutes(1);

    /// <summary>Gives the order, and removes the clones that wait for jobs.</summary>
    /// <param name="reason">In the administrator's words; null: none.</param>
    /// <param name="wait">Returns when no job has a VM any more, or wants one.</param>
    /// <param name="cancellationToken">Ends the wait; the order stays.</param>
    public async Task BeginAsync(string? reason, bool wait, CancellationToken cancellationToken)
    {
        var log = new JobLog(invocation.Error);
        using var machine = invocation.MachineWithoutImages(configOption);
        var before = machine.Drain.Read();
        machine.Drain.Begin(new DrainRecord(before?.Since ?? invocation.Time.GetUtcNow(), before?.By ?? invocation.Person, reason ?? before?.Reason));
        log.Say(before is null
            ? $"this host takes no more jobs; '{DriverVersion.Name} undrain' ends that"
            : $"this host took no more jobs already, {before.Words}{(reason is null ? "" : ", and the reason is now another")}; '{DriverVersion.Name} undrain' ends that");
        if (await new StandbyTasks(invocation, configOption).DrainAsync(cancellationToken) is > 0 and var removed)
        {
            log.Say($"removed {Quantity.Of(removed, "VM")} that waited for a job");
        }

        await new MetricsFile(machine).RefreshAsync(log, cancellationToken);
        if (wait)
        {
            await WaitAsync(machine, log, cancellationToken);
        }
    }

    public async Task EndAsync()
    {
        var log = new JobLog(invocation.Error);
        using var machine = invocation.MachineWithoutImages(configOption);
        log.Say(machine.Drain.End() is { } order ? $"this host takes jobs again; it was drained {order.Words}" : "this host takes jobs; it was not drained");
        await new StandbyRefill(machine).BeginAsync(image: null);
        await new MetricsFile(machine).RefreshAsync(log, CancellationToken.None);
    }

    private static async Task WaitAsync(Machine machine, JobLog log, CancellationToken cancellationToken)
    {
        var (told, at) = ("", machine.Time.GetTimestamp());
        while (await JobsAsync(machine, cancellationToken) is { Count: > 0 } jobs)
        {
            var words = $"waiting for {Quantity.Of(jobs.Count, "job")}: {string.Join(", ", jobs.Take(MostNames))}{(jobs.Count > MostNames ? ", …" : "")}";
            if (words != told || machine.Time.GetElapsedTime(at) >= TellInterval)
            {
                (told, at) = (words, machine.Time.GetTimestamp());
                log.Say(words);
            }

            await Task.Delay(LookInterval, machine.Time, cancellationToken);
        }

        log.Say("no job runs on this host");
    }

    /// <summary>The jobs that have a VM or wait for one. What is kept for people, or left, is no job any more.</summary>
    private static async Task<IReadOnlyList<string>> JobsAsync(Machine machine, CancellationToken cancellationToken) =>
        [.. (await machine.Survey.TakeAsync(cancellationToken)).Jobs.Where(job => job is { Leftover: null, Doubt: null, IsService: false } && job.Record is not { Kept: true } and not { IsStandby: true }).Select(job => job.Job.Value)];
}
