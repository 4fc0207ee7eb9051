using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Linking;
using VmExecutor.Core.Values;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Linking;
using VmExecutor.Host.Processes;
using VmExecutor.Observing;

namespace VmExecutor.Linking;

/// <summary>
/// <c>clone</c>: a linked clone of any domain, for people. Everything that can be refused is refused before the source is asked to shut down
/// and before anything is made.
/// </summary>
/// <param name="hypervisor">The libvirt of the source and the clone.</param>
/// <param name="tools">For qemu-img.</param>
/// <param name="time">The clock.</param>
/// <param name="output">For machines: the clone's name, or with a dry run its XML.</param>
/// <param name="log">For people.</param>
internal sealed class Linker(IHypervisor hypervisor, IToolRunner tools, TimeProvider time, TextWriter output, JobLog log)
{
    private readonly LinkSource _source = new(hypervisor, new DomainStopper(hypervisor, time));
    private readonly LinkSurvey _survey = new(hypervisor);
    private readonly LinkPlanner _planner = new(hypervisor, new QemuImg(tools), time);

    /// <exception cref="Core.Failures.SystemFailureException">It could not be made; nothing is left of it.</exception>
    public async Task RunAsync(LinkRequest request, CancellationToken cancellationToken)
    {
        var names = await _survey.NamesAsync(cancellationToken);
        var source = await _source.FindAsync(request.Source, names, cancellationToken);
        var name = LinkNames.Decide(request.Source, request.Target, names.ToHashSet(StringComparer.Ordinal));
        var isOff = await _source.IsOffAsync(request.Source, source.State, request.ShutDown, cancellationToken);
        var (plan, domain) = await PlanAsync(source, name, request, isOff, cancellationToken);
        if (request.DryRun)
        {
            var printed = LinkDisplays.WithoutPasswords(domain);
            output.WriteLine(PrintedDefinition.Of(printed).ToString());
            foreach (var command in LinkText.Commands(plan, request, hypervisor.Uri, isOff, (LinkDisplays.HavePassword(domain), PrintedDefinition.HidesOf(printed))))
            {
                log.Say(command);
            }

            await RemarkAsync(source, plan, cancellationToken);
            return;
        }

        if (!isOff)
        {
            await _source.ShutDownAsync(request.Source, log.Say, cancellationToken);

            // What it was started as may not be what it is defined as; a transient one is gone with its end, but its disks are not.
            if (await hypervisor.FindStatusAsync(request.Source, cancellationToken) is not null)
            {
                source = await _source.FindAsync(request.Source, names, cancellationToken);
            }

            (plan, domain) = await PlanAsync(source, name, request, isOff: true, cancellationToken);
        }

        await new LinkMaker(hypervisor, _source, _survey, new QemuImg(tools), new DomainStopper(hypervisor, time), time).MakeAsync(
            domain, plan, request.Protect, request.Start, log.Warn, cancellationToken);
        output.WriteLine(name.Value);
        LinkText.Made(plan, request, hypervisor.Uri).ToList().ForEach(log.Say);
        await RemarkAsync(source, plan, CancellationToken.None);
    }

    /// <summary>Lets the source be started again.</summary>
    /// <exception cref="Core.Failures.SystemFailureException">Clones stand on its disks.</exception>
    public async Task ReleaseAsync(string name, CancellationToken cancellationToken)
    {
        var released = await new LinkRelease(hypervisor, _source, _survey).RunAsync(name, cancellationToken);
        log.Say(released.Count == 0
            ? $"'{name}' can be started: none of its disks was read-only"
            : $"'{name}' can be started again: {string.Join(", ", released)} may be written to by {(released.Count == 1 ? "its" : "their")} owner");
        log.Say("Clones that other tools have made of it are not known here: see that there are none before it is started.");
    }

    private async Task<(LinkPlan Plan, XElement Domain)> PlanAsync(
        FoundSource source, VmName name, LinkRequest request, bool isOff, CancellationToken cancellationToken)
    {
        // Before the disks are looked at, so that all that is refused is named at once.
        DomainReview.Demand(source.Xml, ClonePurpose.Person, request.AllowParts);
        var plan = await _planner.PlanAsync(source.Xml, name, request.Directory, evenIfWritten: !isOff, cancellationToken) with { StatesChains = request.StatesChains, AllowParts = request.AllowParts };
        return (plan, LinkedDomain.Derive(source.Xml, plan));
    }

    private async Task RemarkAsync(FoundSource source, LinkPlan plan, CancellationToken cancellationToken)
    {
        foreach (var remark in plan.Remarks.Concat(source.Remarks).Concat(new[] { source.SecretsRemark }.OfType<string>()).Concat(LinkRemarks.Of(source.Xml, plan)).Concat(await _planner.ImpassableAsync(plan, cancellationToken)))
        {
            log.Warn(remark);
        }
    }
}
