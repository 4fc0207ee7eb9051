using VmExecutor.Core.Capacity;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Leftovers;
using VmExecutor.Core.Observing;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Observing;

/// <summary>Looks at all jobs without touching them: their files, locks and processes, and what libvirt says of their VMs.</summary>
public sealed class RunningJobs(Machine machine)
{
    // A job may want any size: memory is certainly short only where there is none at all.
    private const long Least = 1;

    /// <exception cref="Core.Failures.SystemFailureException">The state directory cannot be listed, or libvirt does not answer.</exception>
    public async Task<RunningView> LookAsync(CancellationToken cancellationToken)
    {
        var found = await machine.Survey.TakeAsync(cancellationToken).ConfigureAwait(false);
        var stages = SubStages();
        var now = HostClock.Now();
        var jobs = new List<RunningJob>();
        foreach (var job in found.Jobs)
        {
            var usage = job.HasDomain ? await machine.Hypervisors.At(job.LibvirtUri).FindUsageAsync(job.Key.Domain.Value, cancellationToken).ConfigureAwait(false) : null;
            var owner = job.IsService ? found.Jobs.FirstOrDefault(one => one.Key == job.Job)?.Record : null;
            jobs.Add(new RunningJob(
                JobLister.Describe(job, now) with
                {
                    Usage = usage,
                    DiskBytes = job.HasDirectory ? new JobDirectory(job.Key, JobPaths.For(machine.StateDir, job.Key)).DiskBytes() : null,
                    Service = job.IsService ? JobLister.ServiceOf(job, owner) : null,
                },
                JobActivity.Of(Signs(job, stages)),
                job.Record?.Claim));
        }

        return new RunningView(await ExplainWaitsAsync(jobs, cancellationToken).ConfigureAwait(false), HostRoom.Read(machine.StateDir), found.Problems);
    }

    private JobSigns Signs(FoundJob job, IReadOnlyDictionary<string, string> stages) => new()
    {
        Leftover = job.Leftover is { } reason ? LeftoverText.Describe(reason) : null,
        Doubt = job.Doubt,
        IsKept = job.Record?.Kept == true,
        IsStandby = job.Record?.IsStandby == true,
        IsAdmitted = job.Record?.Claim is not null,
        HasVm = job.HasDomain,
        IsReady = job.Record?.Ready is not null,
        RunsScript = RunsScript(job),
        SubStage = RunsScript(job) && job.Stamp?.TemporaryDirectory is { } directory ? stages.GetValueOrDefault(directory) : null,
        IsWorkedOn = machine.Locks.IsHeld(job.Key),
    };

    /// <summary>The lock is the job's clone's, which has a key of its own where it waited for the job; a service has its job's.</summary>
    private bool RunsScript(FoundJob job) => machine.Locks.ScriptRuns(job.Key) || machine.Locks.ScriptRuns(job.Job);

    /// <summary>
    /// The sub-stages that run, by the runner's directory of the job: the runner calls the driver with the path of a script in it, and the name of the sub-stage (docs/runner-contract.md).
    /// </summary>
    private static Dictionary<string, string> SubStages()
    {
        var stages = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var arguments in ProcessTable.Ids().Select(ProcessTable.Arguments))
        {
            if (arguments is [_, .., var script, var name] && arguments.Contains("run") && script.StartsWith('/'))
            {
                for (var directory = Path.GetDirectoryName(script); directory is { Length: > 1 }; directory = Path.GetDirectoryName(directory))
                {
                    stages.TryAdd(directory, ScriptRecord.Name(name));
                }
            }
        }

        return stages;
    }

    /// <summary>
    /// The reason of each wait, as the job in front is told it. How much memory a job wants is not known before it has its room; so memory is named where nothing else is short.
    /// </summary>
    private async Task<IReadOnlyList<RunningJob>> ExplainWaitsAsync(List<RunningJob> jobs, CancellationToken cancellationToken)
    {
        var waiting = jobs.Where(job => job.Activity.State == "waiting").OrderByDescending(job => job.Job.Age).ToList();
        if (waiting.Count == 0)
        {
            return jobs;
        }

        var claims = await new ClaimSurvey(machine.StateDir, machine.Locks, machine.Processes, machine.Hypervisor)
            .FindAsync([.. waiting.Select(job => job.Job.Key)], cancellationToken).ConfigureAwait(false);
        var look = new CapacityLook
        {
            Limits = machine.Settings.Limits,
            Host = HostRoom.Read(machine.StateDir),
            Claims = claims,
            NeededBytes = Least,
            Users = machine.Users.Pool?.Users.Count,
            FreeUsers = machine.Users.CountFree(),
        };
        var first = look.FindShortage() is { } shortage and not Shortage.Memory
            ? CapacityText.Waiting(shortage, look, machine.StateDir, ahead: 0)
            : $"waiting for memory ({RoughSize.Of(look.FreeMemoryBytes)} free for VMs): next in line";
        return
        [
            .. jobs.Select(job => waiting.IndexOf(job) switch
            {
                < 0 => job,
                0 => job with { Activity = job.Activity with { Words = first } },
                var ahead => job with { Activity = job.Activity with { Words = CapacityText.Waiting(null, look, machine.StateDir, ahead) } },
            }),
        ];
    }
}

/// <summary>All jobs at one moment.</summary>
/// <param name="Jobs">By key.</param>
/// <param name="Host">The host at the same moment.</param>
/// <param name="Remarks">What could not be looked at, in sentences.</param>
public sealed record RunningView(IReadOnlyList<RunningJob> Jobs, HostResources Host, IReadOnlyList<string> Remarks);

/// <summary>One job at one moment.</summary>
/// <param name="Job">All that a list of jobs tells.</param>
/// <param name="Activity">What it does.</param>
/// <param name="Claim">The room that it was admitted with; null: it has none yet.</param>
public sealed record RunningJob(ListedJob Job, JobActivity Activity, ClaimRecord? Claim);
