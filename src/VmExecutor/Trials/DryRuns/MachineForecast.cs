using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Health;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Host;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Images;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Templates;
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
    private const string NeverPublished = "the image was never published, so it has no templates";

    private readonly string _uri = machine.Hypervisors.Configured;

    private bool WouldStartDaemon => SessionDaemon.WouldBeStarted(_uri, machine.Variables);

    /// <param name="trial">The job.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="DriverException">As the stages would fail.</exception>
    public async Task<MachineOutlook> LookAsync(TrialJob trial, CancellationToken cancellationToken)
    {
        var job = trial.ToJob();
        var match = ImageChoice.Match(job, machine.Settings);
        var plan = ClonePlan.For(job, machine.Settings);
        SizeChoice.Check(job, plan.Image);
        var chosen = ChosenGeneration.For(plan.Image, machine.Catalogue);
        plan = plan with { Generation = chosen.Generation };
        chosen.Warnings.Concat(RunnerNeeds.Warnings(plan, trial.Find(RunnerQuoting.PosixFlag), () => runner)).ToList().ForEach(warn);
        ImageFiles.EnsureUsable(plan.Image, plan.Generation);
        if (plan.Generation is null && plan.Image.Source is ImageSource.Domain domain && WouldStartDaemon)
        {
            warn($"the source domain '{domain.Name}' was not looked at: no daemon runs for {_uri}, and a look would start one");
            return new MachineOutlook { Match = match, Plan = plan, Start = StartOutlook.Cold(NeverPublished) };
        }

        return await LookAsync(match, plan, cancellationToken);
    }

    private async Task<MachineOutlook> LookAsync(ImageMatch match, ClonePlan plan, CancellationToken cancellationToken)
    {
        var accelerator = await AcceleratorAsync(plan.Image, cancellationToken);
        var source = await machine.CloneSource.LookAsync(plan, warn, cancellationToken);
        var chains = await machine.CloneMaker.InspectDisksAsync(source, plan.Generation, evenIfWritten: true, cancellationToken);
        (plan, var sizes) = new CloneSizing(machine.Settings.Limits).Decide(plan, source, chains);
        Admission.EnsureEverFits(plan.Job.Key, new ClaimRecord(sizes.Memory.Bytes, sizes.Cpus), machine.Settings);
        return new MachineOutlook
        {
            Match = match,
            Plan = plan,
            Sizes = sizes,
            Findings = DomainReview.Of(source, ClonePurpose.Job, plan.Image.AllowParts),
            Accelerator = accelerator?.ToString().ToLowerInvariant(),
            Start = await StartAsync(plan, source, chains, accelerator, cancellationToken),
        };
    }

    /// <summary>Null: only a start tells, and libvirt is not asked more than it must be.</summary>
    private async Task<Accelerator?> AcceleratorAsync(ImageDefinition image, CancellationToken cancellationToken)
    {
        if (image.Accelerator != Accelerator.Auto)
        {
            return image.Accelerator;
        }

        try
        {
            var found = WouldStartDaemon ? null : (await machine.AcceleratorProbe.RecallAsync(cancellationToken))?.Accelerator;
            if (found == Accelerator.Tcg)
            {
                warn(KvmRules.Warning);
            }

            return found;
        }
        catch (HypervisorException)
        {
            return null;
        }
    }

    private async Task<StartOutlook> StartAsync(
        ClonePlan plan, XElement source, IReadOnlyDictionary<string, BackingChain> chains, Accelerator? accelerator, CancellationToken cancellationToken)
    {
        if (plan.Generation is not { } generation)
        {
            return StartOutlook.Cold(NeverPublished);
        }

        if (!plan.Image.Warm.Enabled)
        {
            return StartOutlook.Cold($"'warm' is off in {plan.Image.File}");
        }

        if (TemplateCatalogue.Of(generation).Count == 0)
        {
            return StartOutlook.Cold($"generation {generation.Number} has no template: run '{DriverVersion.Name} image warm {plan.Image.Name}'");
        }

        if (accelerator is not { } known)
        {
            return StartOutlook.Unknown("a template fits one accelerator, and whether KVM works here was not tried yet");
        }

        if (WouldStartDaemon)
        {
            return StartOutlook.Unknown($"no daemon runs for {_uri}, and a look whether a template fits would start one");
        }

        try
        {
            var stamp = plan.Stamp(ProcessTable.Self(), null, HostClock.Now(), machine.Time.GetUtcNow());
            var (template, reason) = await new TemplateFinder(machine.Hypervisor).FindAsync(generation, source, plan, stamp, chains, known, cancellationToken);
            return template is not null ? StartOutlook.Warm($"from the template {template.Directory}") : StartOutlook.Cold(reason!.Text);
        }
        catch (HypervisorException e)
        {
            return StartOutlook.Unknown($"whether a template fits is not known: {e.Message} ({e.Code})");
        }
    }
}
