using VmExecutor.Core.Clones;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Templates;
using VmExecutor.Host;
using VmExecutor.Host.Templates;
using VmExecutor.Observing;
using VmExecutor.Starting;

namespace VmExecutor.Benchmarks;

/// <summary>Writes the machine of a warm clone as libvirt takes it: what a person would have written before starting by hand.</summary>
internal sealed class HandMadeMachine(Machine machine)
{
    /// <returns>Domain XML, with the overlays in the job's directory.</returns>
    public async Task<string> WriteAsync(Template template, ClonePlan plan, OwnershipStamp stamp, CancellationToken cancellationToken)
    {
        var basis = await CloneLook.ForStart(machine, new JobLog(TextWriter.Null)).TakeAsync(plan, stamp, cancellationToken);
        var frozen = await TemplateCatalogue.ReadMachineAsync(template, cancellationToken);
        return TemplateDomain.Thaw(frozen, template, basis.Plan, stamp, template.ChainsOn(basis.Chains)).ToString();
    }
}
