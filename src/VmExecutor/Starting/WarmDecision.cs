using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Images;
using VmExecutor.Core.Templates;
using VmExecutor.Host;
using VmExecutor.Host.Templates;

namespace VmExecutor.Starting;

/// <summary>
/// Decides from which template a clone wakes up, or why it starts cold. A start and a dry run of it ask here; what only a start can tell
/// (a guest that does not wake up) is <see cref="WarmStart"/>'s.
/// </summary>
internal static class WarmDecision
{
    /// <summary>True: the clone must not be started cold.</summary>
    public static bool IsDemanded(ClonePlan plan) => plan.Template is not null || plan.Start == StartChoice.Warm;

    /// <summary>The reason why no template is looked for, by the plan and the image; neither the job log nor the record tells it. Null: one is looked for.</summary>
    public static ColdReason? NotWanted(ClonePlan plan) =>
        plan.Start == StartChoice.Cold ? new ColdReason("asked_for", "a cold start was asked for")
        : plan.Memory is not null ? new ColdReason("becomes_template", "the clone is to become a template itself")
        : plan.Generation is null ? NotPublished(plan.Image)
        : !plan.Image.Warm.Enabled && !IsDemanded(plan) ? Off(plan.Image)
        : null;

    /// <summary>The reason why clones of an image are started cold, by the image and its templates alone; null: there are templates.</summary>
    /// <param name="image">The image.</param>
    /// <param name="generation">The generation that its clones stand on now; null: it was never published.</param>
    public static ColdReason? ForImage(ImageDefinition image, Generation? generation) =>
        !image.Warm.Enabled ? Off(image)
        : generation is null ? NotPublished(image)
        : TemplateFinder.NoneOf(image, generation);

    /// <summary>The reason why no template can fit, as far as it is known without libvirt; null: libvirt must be asked.</summary>
    /// <param name="basis">A clone for which a template is wanted (<see cref="NotWanted"/>).</param>
    public static ColdReason? WithoutLibvirt(CloneBasis basis) => basis.Plan.Template is null ? TemplateFinder.Obstacle(basis) : null;

    /// <summary>The template, or the reason why there is none.</summary>
    /// <inheritdoc cref="WithoutLibvirt" path="/param"/>
    /// <param name="basis">As above; with an accelerator.</param>
    /// <param name="machine">Where the clone is started.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<ChosenTemplate> ChooseAsync(CloneBasis basis, Machine machine, CancellationToken cancellationToken) =>
        basis.Plan.Template is { } given ? new ChosenTemplate(given, null)
        : await new TemplateFinder(machine.Hypervisor).FindAsync(basis, cancellationToken);

    private static ColdReason Off(ImageDefinition image) => new("off", $"'warm' is off in {image.File} ('warm: {{enabled: true}}' turns it on)");

    private static ColdReason NotPublished(ImageDefinition image) =>
        new("not_published", $"the image was never published, so it has no templates (run 'vm-executor image publish {image.Name}')");
}
