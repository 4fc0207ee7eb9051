using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Egress;
using VmExecutor.Host.Files;
using VmExecutor.Observing;
using VmExecutor.Starting;

namespace VmExecutor.Stages;

/// <summary>The egress policy of one VM of a job, its own or that of a service, while the job's scripts run.</summary>
/// <param name="wall">Keeps the policies of this host.</param>
/// <param name="policy">The VM's policy.</param>
/// <param name="place">The VM's place; null: it runs as libvirt's one QEMU user, so that the policy cannot be kept.</param>
/// <param name="directory">The directory of its clone, for what was refused.</param>
/// <param name="time">The clock.</param>
internal sealed class JobEgress(EgressWall wall, EgressPolicy policy, EgressPlace? place, JobDirectory directory, TimeProvider time)
{
    private static readonly TimeSpan ReadingTakes = TimeSpan.FromSeconds(10);

    /// <summary>Ending a tool that hangs takes another second, and a cancelled stage is over soon.</summary>
    private static readonly TimeSpan ReadingTakesAfterCancel = TimeSpan.FromSeconds(1);

    /// <summary>The service whose VM has the policy, in the words of the job log; null: it is the job's own VM.</summary>
    public string? Service { get; init; }

    /// <summary>The policies of a job's VM and of those of its services. A VM that has gone has none to look after.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="directory">The job's directory.</param>
    /// <param name="record">Its record.</param>
    /// <param name="proxy">The proxy of the job's VM, in session mode. The VM of a service has none there, and so no way out that would have to be looked after.</param>
    public static IReadOnlyList<JobEgress> AllOf(Machine machine, JobDirectory directory, JobRecord record, EgressProxy? proxy)
    {
        JobEgress? Of(JobDirectory clone, EgressRecord? policy, string? service) => policy is null ? null :
            new(machine.Egress, policy.ToPolicy(), EgressStart.PlaceOf(machine.Users.Of(clone), policy), clone, machine.Time) { Service = service, Proxy = policy.ByProxy ? proxy : null };

        var services = JobDirectory.OfServices(record, directory.Paths.StateDir)
            .Select(one => one.Directory.Read()?.Egress is { ByProxy: false } policy ? Of(one.Directory, policy, ServiceVmStart.Subject(one.Service.Names, one.Service.Image)) : null);
        return [.. services.Prepend(Of(directory, record.Egress, service: null)).OfType<JobEgress>()];
    }

    /// <summary>Before a script, for all VMs of a job at once.</summary>
    /// <exception cref="SystemFailureException">A policy cannot be kept, so the script may not run.</exception>
    public static async Task EnsureAsync(IReadOnlyList<JobEgress> all, JobLog log, CancellationToken cancellationToken) =>
        await ForAllAsync(all, log, (egress, warn) => egress.EnsureAsync(warn, cancellationToken));

    /// <summary>After a script, for all VMs of a job at once.</summary>
    public static async Task TellAsync(IReadOnlyList<JobEgress> all, JobLog log, CancellationToken cancellationToken) =>
        await ForAllAsync(all, log, (egress, warn) => egress.TellAsync(warn, cancellationToken));

    /// <summary>The proxy of the sub-stage, which keeps the policy; null: the wall does.</summary>
    public EgressProxy? Proxy { get; init; }

    /// <summary>Before a script: puts back what is missing of the policy.</summary>
    /// <exception cref="SystemFailureException">It cannot be kept, so the script may not run.</exception>
    public async Task EnsureAsync(Action<string> warn, CancellationToken cancellationToken)
    {
        if (Proxy is null && await wall.EnsureAsync(policy, place, cancellationToken) is { Count: > 0 } missing)
        {
            warn($"{string.Join(" and ", missing)} of the egress policy '{policy.Name}' had gone: restored");
        }
    }

    /// <summary>After a script: tells what was refused, each destination once per VM. What cannot be told fails no script.</summary>
    /// <param name="warn">Takes the lines.</param>
    /// <param name="cancellationToken">The sub-stage's: when it is cancelled, little time is left.</param>
    public async Task TellAsync(Action<string> warn, CancellationToken cancellationToken)
    {
        if (place is null && Proxy is null)
        {
            return;
        }

        using var limit = new CancellationTokenSource(ReadingTakes, time);
        await using var hurry = cancellationToken.Register(() => limit.CancelAfter(ReadingTakesAfterCancel));
        try
        {
            var earlier = directory.ReadEgress() ?? EgressNotes.None(policy);
            var notes = (Proxy?.Take() ?? await wall.ReadAsync(policy, place!.User, limit.Token)).And(earlier);
            foreach (var line in notes.News(earlier))
            {
                warn(line);
            }

            AtomicFile.Write(directory.Paths.Egress, notes.ToJson(), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (e is DriverException or OperationCanceledException || HostFileException.Explains(e))
        {
            warn($"what the egress policy '{policy.Name}' refused is not known: {e.Message}");
        }
    }

    /// <summary>The lines of each VM stand together in the job log.</summary>
    private static async Task ForAllAsync(IReadOnlyList<JobEgress> all, JobLog log, Func<JobEgress, Action<string>, Task> action)
    {
        var lines = all.Select(_ => new List<string>()).ToList();
        try
        {
            await Task.WhenAll(all.Select((egress, number) => action(egress, lines[number].Add)));
        }
        finally
        {
            foreach (var (egress, told) in all.Zip(lines))
            {
                told.ForEach((egress.Service is { } service ? log.About(service) : log).Warn);
            }
        }
    }
}
