using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;

namespace VmExecutor.Core.Egress;

/// <summary>The needs of egress policies that the configuration alone does not fulfil.</summary>
public static class EgressNeeds
{
    /// <summary>Refuses policies where no VM can have one.</summary>
    /// <param name="settings">The configuration.</param>
    /// <param name="uri">The libvirt that the driver would use.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.EgressImpossible"/>.</exception>
    public static void Ensure(Settings settings, string uri)
    {
        var images = settings.Images.Where(image => image.Egress.HasPolicies()).Select(image => image.Name.Value).ToList();
        var why = uri != LibvirtUri.System ? $"libvirt is used at {uri}, where QEMU runs as the runner's own user and no rule can tell guests from it"
            : settings.Libvirt.UserPerVm == UserPerVm.Off ? "'libvirt: user_per_vm' is off, so that no rule can tell VMs apart"
            : null;
        if (images.Count > 0 && why is not null)
        {
            throw new SystemFailureException(
                ErrorCodes.EgressImpossible,
                $"the egress polic{(images.Count == 1 ? "y of image" : "ies of images")} {string.Join(", ", images)} cannot be kept: {why}",
                "Use qemu:///system as root with a user for each VM (check as root, too), or write 'egress: {mode: open}': docs/egress.md.");
        }
    }
}
