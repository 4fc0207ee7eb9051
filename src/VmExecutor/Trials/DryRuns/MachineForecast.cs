using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Services;
using VmExecutor.Host;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Processes;
using VmExecutor.Starting;

namespace VmExecutor.Trials.DryRuns;

/// <summary>
/// Finds what the stages config and prepare would make of a job, in their order and with their failures. Nothing is started, made or written;
/// libvirt is asked only for a source domain that was never published, and whether a template fits.
/// </summary>
/// <param name="machine">Where the VM would be; only parts of it that look are used.</param>
/// <param name="runner">As <see cref="TrialFrame"/> has it.</param>
/// <param name="warn">Takes lines that the job log would have.</param>
internal sealed class MachineForecast(Machine machine, RunnerEntry? runner, Action<string> warn)
{
    private readonly CloneLook _look = CloneLook.Only(machine, warn);

    private bool WouldStartDaemon => CloneLook.WouldStartDaemon(machine);

    /// <param name="trial">The job.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="DriverException">As the stages would fail.</exception>
    public async Task<MachineOutlook> LookAsync(TrialJob trial, CancellationToken cancellationToken)
    {
        var job = trial.ToJob();
        var match = ImageChoice.Match(job, machine.Settings);
        SizeChoice.Check(job, match.Image);
        var decision = new JobPlan(machine, warn);
        var plan = decision.Decide(job, generation: null);
        decision.WarnOfRunner(plan, trial.Find(RunnerQuoting.PosixFlag), () => runner);
        var services = trial.Services.Count > 0 && (plan.Image.Services.Engine != ServiceEngine.Off || machine.Settings.HasServiceImages()) ? JobPlan.Services(machine, plan, trial.ToServices()) : null;
        return await LookAsync(match, services is null ? plan : plan with { ServiceVms = services.Vms }, services?.Services ?? [], cancellationToken);
    }

    /// <param name="match">The choice of the image.</param>
    /// <param name="plan">The job's, with its generation.</param>
    /// <param name="services">The job's services.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async Task<MachineOutlook> LookAsync(ImageMatch match, ClonePlan plan, IReadOnlyList<PlannedService> services, CancellationToken cancellationToken)
    {
        ImageFiles.EnsureUsable(plan.Image, plan.Generation);
        var own = await TakeAsync(plan, cancellationToken);
        var others = new List<(ClonePlan Plan, CloneBasis? Basis)>();
        foreach (var service in plan.ServiceVms)
        {
            var chosen = plan.ForService(service, GuestOfJob.NewCardSeed());
            var generation = ChosenGeneration.For(chosen.Image, machine.Catalogue);
            generation.Warnings.ToList().ForEach(warn);
            chosen = chosen with { Generation = generation.Generation };
            ImageFiles.EnsureUsable(chosen.Image, chosen.Generation);
            others.Add((chosen, await TakeAsync(chosen, cancellationToken)));
        }

        if (own is not null)
        {
            Admission.EnsureEverFits(plan.Job.Key, [own.Claim, .. others.Select(other => other.Basis?.Claim).OfType<ClaimRecord>()], machine.Settings);
        }

        var outlook = await OutlookAsync(match, plan, own, cancellationToken);
        var vms = new Queue<MachineOutlook>();
        foreach (var (chosen, basis) in others)
        {
            vms.Enqueue(await OutlookAsync(new ImageMatch(chosen.Image, Pattern: null, IsDefault: false), chosen, basis, cancellationToken));
        }

        return outlook with { Services = [.. services.Select(service => new ServiceOutlook(service, service.Vm is null ? null : vms.Dequeue()))] };
    }

    /// <summary>Null: the source cannot be looked at without starting something.</summary>
    private async Task<CloneBasis?> TakeAsync(ClonePlan plan, CancellationToken cancellationToken)
    {
        if (plan.Generation is null && plan.Image.Source is ImageSource.Domain domain && WouldStartDaemon)
        {
            warn($"the source domain '{domain.Name}' was not looked at: no daemon runs for {machine.Hypervisors.Configured}, and a look would start one");
            return null;
        }

        return await _look.TakeAsync(plan, plan.Stamp(ProcessTable.Self(), null, HostClock.Now(), machine.Time.GetUtcNow()), cancellationToken);
    }

    private async Task<MachineOutlook> OutlookAsync(ImageMatch match, ClonePlan plan, CloneBasis? basis, CancellationToken cancellationToken) => basis is null
        ? new MachineOutlook { Match = match, Plan = plan, Start = StartOutlook.Cold(WarmDecision.NotWanted(plan)!) }
        : new MachineOutlook
        {
            Match = match,
            Plan = basis.Plan,
            Sizes = basis.Sizes,
            Findings = DomainReview.Of(basis.Source, ClonePurpose.Job, plan.Image.AllowParts),
            Accelerator = basis.Accelerator == Accelerator.Auto ? null : basis.Accelerator.ToString().ToLowerInvariant(),
            Start = await StartAsync(basis, cancellationToken),
        };

    private async Task<StartOutlook> StartAsync(CloneBasis basis, CancellationToken cancellationToken)
    {
        if ((WarmDecision.NotWanted(basis.Plan) ?? WarmDecision.WithoutLibvirt(basis)) is { } known)
        {
            return StartOutlook.Cold(known);
        }

        if (basis.Accelerator == Accelerator.Auto)
        {
            return StartOutlook.Unknown("a template fits one accelerator, and whether KVM works here was not tried yet");
        }

        if (WouldStartDaemon)
        {
            return StartOutlook.Unknown($"no daemon runs for {machine.Hypervisors.Configured}, and a look whether a template fits would start one");
        }

        try
        {
            var (template, reason) = await WarmDecision.ChooseAsync(basis, machine, cancellationToken);
            return template is not null ? StartOutlook.Warm($"from the template {template.Directory}") : StartOutlook.Cold(reason!);
        }
        catch (HypervisorException e)
        {
            return StartOutlook.Unknown($"whether a template fits is not known: {e.Message} ({e.Code})");
        }
    }
}
