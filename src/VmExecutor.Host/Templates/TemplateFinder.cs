using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Images;
using VmExecutor.Core.Templates;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Host.Templates;

/// <summary>Finds the template that fits a clone of a generation.</summary>
public sealed class TemplateFinder(IHypervisor hypervisor)
{
    /// <summary>The reason why no template can fit, as far as it is known without libvirt; null: the clone's shape decides.</summary>
    public static ColdReason? Obstacle(CloneBasis basis)
    {
        var plan = basis.Plan;
        return TemplateObstacles.In(basis.Source, plan.Image.Network.Mode) is { Count: > 0 } obstacles
                ? new ColdReason("impossible", $"the machine of image '{plan.Image.Name}' cannot be frozen: {string.Join("; ", obstacles)}")
            : NoneOf(plan.Image, plan.Generation!);
    }

    /// <summary>The reason if a generation has no template at all; null: it has some.</summary>
    public static ColdReason? NoneOf(ImageDefinition image, Generation generation) =>
        TemplateCatalogue.Of(generation).Count == 0 ? TemplateShapes.NoTemplate(image.Name.Value) : null;

    /// <summary>The template of a clone's shape, or the reason why there is none.</summary>
    public async Task<ChosenTemplate> FindAsync(CloneBasis basis, CancellationToken cancellationToken) =>
        Obstacle(basis) is { } obstacle
            ? new ChosenTemplate(null, obstacle)
            : ChosenTemplate.For(basis.Plan.Generation!, basis.Plan.Image.Name.Value, await ShapeAsync(basis, cancellationToken).ConfigureAwait(false));

    /// <summary>The shape of a clone on this host.</summary>
    public async Task<TemplateShape> ShapeAsync(CloneBasis basis, CancellationToken cancellationToken)
    {
        var version = await hypervisor.GetVersionAsync(cancellationToken).ConfigureAwait(false);
        var cpu = basis.Accelerator == Accelerator.Kvm ? HostCpu.Describe(await hypervisor.GetCapabilitiesAsync(cancellationToken).ConfigureAwait(false)) : "";
        return TemplateShapes.Of(basis, version.Qemu, version.Libvirt, cpu);
    }
}
