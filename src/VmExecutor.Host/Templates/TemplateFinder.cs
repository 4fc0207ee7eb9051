using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Templates;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Templates;

/// <summary>Finds the template that fits a clone.</summary>
public sealed class TemplateFinder(IHypervisor hypervisor)
{
    /// <summary>The template of a clone's shape, or the reason why there is none.</summary>
    public async Task<ChosenTemplate> FindAsync(
        Generation generation,
        XElement source,
        ClonePlan plan,
        OwnershipStamp stamp,
        IReadOnlyDictionary<string, BackingChain> chains,
        Accelerator accelerator,
        CancellationToken cancellationToken) =>
        TemplateObstacles.In(source, plan.Image.Network.Mode) is { Count: > 0 } obstacles
            ? new ChosenTemplate(null, new ColdReason("impossible", $"the machine of image '{plan.Image.Name}' cannot be frozen: {string.Join("; ", obstacles)}"))
            : ChosenTemplate.For(
                generation,
                plan.Image.Name.Value,
                await ShapeAsync(source, plan, stamp, chains, accelerator, cancellationToken).ConfigureAwait(false));

    /// <summary>The shape of a clone on this host.</summary>
    public async Task<TemplateShape> ShapeAsync(
        XElement source,
        ClonePlan plan,
        OwnershipStamp stamp,
        IReadOnlyDictionary<string, BackingChain> chains,
        Accelerator accelerator,
        CancellationToken cancellationToken)
    {
        var version = await hypervisor.GetVersionAsync(cancellationToken).ConfigureAwait(false);
        var cpu = accelerator == Accelerator.Kvm ? HostCpu.Describe(await hypervisor.GetCapabilitiesAsync(cancellationToken).ConfigureAwait(false)) : "";
        return TemplateShapes.Of(source, plan, stamp, chains, accelerator, version.Qemu, version.Libvirt, cpu);
    }
}
