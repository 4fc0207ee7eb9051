using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Waiting;
using VmExecutor.Observing;
using VmExecutor.Starting;

namespace VmExecutor.Publishing;

/// <summary>
/// A clone for this process's own use, made as a job's is: it has a key, a directory, a stamp whose runner is this process, and
/// its lock. So when this process is killed, it is a leftover like any other.
/// </summary>
internal sealed class OwnClone(Machine machine)
{
    private readonly CloneStart _start = CloneStart.WithoutJob(machine);

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan RemovalLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan HurriedRemovalLimit = TimeSpan.FromSeconds(1.5);

    /// <inheritdoc cref="UseAsync{T}(ImageDefinition, Generation?, JobLog, Func{ClonePlan, ClonePlan}, Func{StartedClone, Task{T}}, CancellationToken)"/>
    public Task<T> UseAsync<T>(
        ImageDefinition image, Generation? generation, JobLog log, Func<StartedClone, Task<T>> work, CancellationToken cancellationToken) =>
        UseAsync(image, generation, log, plan => plan with { Start = StartChoice.Cold }, work, cancellationToken);

    /// <summary>Starts it, hands it to <paramref name="work"/> when its guest runs commands, and removes it whatever happens.</summary>
    /// <param name="image">As it is to be run.</param>
    /// <param name="generation">The generation that it stands on; null: the source itself.</param>
    /// <param name="log">For the administrator.</param>
    /// <param name="change">What is special about this clone.</param>
    /// <param name="work">The work with the clone.</param>
    /// <param name="cancellationToken">Ends it; the clone is removed all the same.</param>
    public async Task<T> UseAsync<T>(
        ImageDefinition image, Generation? generation, JobLog log, Func<ClonePlan, ClonePlan> change, Func<StartedClone, Task<T>> work, CancellationToken cancellationToken)
    {
        var plan = change(Plan(image, generation));
        var run = new JobRun(plan.Job.Key, machine, log);
        using var held = machine.Locks.TryTake(run.Key);
        try
        {
            plan = (await _start.RunAsync(plan, Stamp(plan), run, cancellationToken)).Plan;
            var access = GuestOfJob.Access(run.Key, plan.Paths, run.Record);
            return await work(new StartedClone(plan, access, run.Times.Seconds));
        }
        finally
        {
            await RemoveAsync(run, cancellationToken);
        }
    }

    /// <summary>The parts that a clone of this size would be made of; nothing is made.</summary>
    public Task<CloneBasis> LookAsync(ImageDefinition image, Generation generation, RequestedSizes size, JobLog log, CancellationToken cancellationToken)
    {
        var plan = Plan(image, generation);
        plan = plan with { Job = plan.Job with { Sizes = size } };
        return CloneLook.ForStart(machine, log).TakeAsync(plan, Stamp(plan), cancellationToken);
    }

    private OwnershipStamp Stamp(ClonePlan plan) => plan.Stamp(ProcessTable.Self(), null, HostClock.Now(), machine.Time.GetUtcNow());

    private ClonePlan Plan(ImageDefinition image, Generation? generation)
    {
        var id = machine.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var job = new Job
        {
            Key = new JobKey("urn:vm-executor:image", image.Name.Value, id),
            Id = id,
            Server = "urn:vm-executor:image",
            Image = image.Name.Value,
            Timeout = Lifetime,
        };
        return new ClonePlan { Job = job, Image = image, Paths = JobPaths.For(machine.StateDir, job.Key), CardSeed = GuestOfJob.NewCardSeed(), Generation = generation, HasSparePort = machine.Settings.HasServiceImages() };
    }

    private async Task RemoveAsync(JobRun run, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(RemovalLimit, HurriedRemovalLimit, machine.Time, cancellationToken);
        try
        {
            await machine.RemoverAt(uri: null).RemoveAsync(run.Key, run.Directory, grace: null, run.Log.Say, hurry: new CancellationToken(canceled: true), deadline.Token);
        }
        catch (CleanupException e)
        {
            run.Log.Warn($"{e.Message}. What is left goes with '{DriverVersion.Name} gc'.");
        }
    }
}

/// <summary>A clone whose guest runs commands.</summary>
/// <param name="Plan">The plan of the clone.</param>
/// <param name="Access">The guest's address and login.</param>
/// <param name="Seconds">The seconds of each phase of its start.</param>
internal sealed record StartedClone(ClonePlan Plan, GuestAccess Access, IReadOnlyDictionary<string, double> Seconds)
{
    /// <summary>The guest's host keys: those it is known by, else what ssh has met.</summary>
    public IReadOnlyList<string> HostKeys => Access.HostKeys.Count > 0
        ? [.. Access.HostKeys.Select(key => key.ToString())]
        : [.. HostFile.ReadLines(Plan.Paths.KnownHosts.Value).Select(KeyIn).OfType<string>().Distinct()];

    // sshd(8), SSH_KNOWN_HOSTS FILE FORMAT: names, type, key.
    private static string? KeyIn(string line) =>
        line.Split(' ', 2) is [_, var key] && HostKey.TryParse(key, out var parsed) ? parsed.ToString() : null;
}
