using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Services;
using VmExecutor.Host;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Images;

namespace VmExecutor.Starting;

/// <summary>
/// One service of a job that is a VM of its own: a clone with a key, a directory and a stamp of its own, which name the job. So all that looks for clones finds it, and it goes with the
/// job: by the same runner, the same time, and by the job's directory, which is there before and after it.
/// </summary>
internal sealed class ServiceVmStart
{
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(30);

    private readonly Machine _machine;
    private readonly CloneStart _start;
    private readonly JobRun _run;

    private ServiceVmStart(Machine machine, PlannedService service, JobRun run)
    {
        (_machine, Service, _run) = (machine, service, run);
        _start = CloneStart.WithoutJob(machine);
    }

    public PlannedService Service { get; }

    /// <summary>The facts for making it.</summary>
    public required CloneBasis Basis { get; init; }

    public Claimant Claimant => new(_run.Directory, Basis.Claim);

    /// <summary>Makes the directories of a job's services, under their locks, which are given back with the job's. Nothing is started yet.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="job">The job's own clone.</param>
    /// <param name="run">The job, whose directory is there.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="DriverException">One cannot be made.</exception>
    public static async Task<IReadOnlyList<ServiceVmStart>> BeginAllAsync(Machine machine, CloneBasis job, JobRun run, CancellationToken cancellationToken)
    {
        var services = job.Plan.ServiceVms;
        if (services.Count > ServiceNetwork.Most)
        {
            throw new BuildFailureException(ErrorCodes.ServiceRefused, $"the job has {services.Count} services that are VMs, and at most {ServiceNetwork.Most} can be joined", "Give the job fewer services.");
        }

        var begun = new List<ServiceVmStart>();
        foreach (var service in services)
        {
            begun.Add(await BeginAsync(machine, service, job, run, cancellationToken));
        }

        if (begun.Count > 0)
        {
            run.Times.Ended("service-source");
        }

        return begun;
    }

    /// <summary>Starts the job's VM and those of its services side by side, joins them, and waits for the services.</summary>
    /// <param name="services">They were admitted together with the job.</param>
    /// <param name="start">Starts the job's own VM.</param>
    /// <param name="run">The job.</param>
    /// <param name="cancellationToken">Ends all of it; what was made is the caller's to remove.</param>
    /// <returns>What the job's own VM was made of.</returns>
    public static async Task<CloneBasis> StartAllAsync(
        IReadOnlyList<ServiceVmStart> services, Func<CancellationToken, Task<CloneBasis>> start, JobRun run, CancellationToken cancellationToken)
    {
        run.Log.Say($"Starting {(services.Count == 1 ? "service" : $"{services.Count} services")} as {(services.Count == 1 ? "a VM" : "VMs")}: {ServiceStart.Names([.. services.Select(one => one.Service.ToString())])}");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var own = OrStopAsync(start(stop.Token), stop);
        await AllAsync([own, .. services.Select(one => OrStopAsync(one._start.StartServiceAsync(one.Basis, one._run, stop.Token), stop))], cancellationToken);
        var basis = await own;
        await new ServiceVmJoin(services[0]._machine).RunAsync(
            new JoinedVm(basis.Plan, run), [.. services.Select(one => new JoinedService(one.Service, new JoinedVm(one.Basis.Plan, one._run)))], cancellationToken);
        run.Times.Ended("service-vms");
        await run.UpdateAsync(record => record with { Phases = run.Times.Seconds }, cancellationToken);
        return basis;
    }

    /// <summary>A service in a few words, before lines about its VM.</summary>
    public static string Subject(IReadOnlyList<string> names, string image) => $"service {(names.Count > 0 ? names[0] : image)}";

    private static async Task<ServiceVmStart> BeginAsync(Machine machine, PlannedService service, CloneBasis job, JobRun run, CancellationToken cancellationToken)
    {
        if (service.Wanted is { Entrypoint.Count: > 0 } or { Command.Count: > 0 })
        {
            run.Log.Warn($"service {service} is a VM, so its 'entrypoint' and 'command' are not used: its image starts what it starts");
        }

        var plan = job.Plan.ForService(service, GuestOfJob.NewCardSeed());
        var chosen = ChosenGeneration.For(plan.Image, machine.Catalogue);
        chosen.Warnings.ToList().ForEach(run.Log.WarnOnce);
        plan = plan with { Generation = chosen.Generation };
        var stamp = job.Stamp with { Key = plan.Job.Key.Value, Job = run.Job.Value, Image = plan.Image.Name.Value, Generation = plan.Generation?.Number, User = null };
        var own = new JobRun(plan.Job.Key, machine, run.Log.About(Subject(service.Names, service.Wanted.Image)));
        if (!run.Hold(await machine.Locks.TakeAsync(own.Key, LockLimit, cancellationToken)))
        {
            throw new SystemFailureException(ErrorCodes.JobIsBusy, $"another process is still at work on VM {plan.Domain} of service {service}", "Retry the job.");
        }

        return new ServiceVmStart(machine, service, own) { Basis = await CloneStart.WithoutJob(machine).BeginServiceAsync(plan, stamp, own, cancellationToken) };
    }

    /// <summary>One that fails ends the others.</summary>
    private static async Task<CloneBasis> OrStopAsync(Task<CloneBasis> start, CancellationTokenSource stop)
    {
        try
        {
            return await start;
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }

    /// <summary>Waits for all, also when one has failed: what is undone then must not come to be afterwards. That failure, and not the end of the others, is told.</summary>
    private static async Task AllAsync(IReadOnlyList<Task> starts, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(starts);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested && starts.FirstOrDefault(start => start.IsFaulted) is { } failed)
        {
            await failed;
        }
    }
}
