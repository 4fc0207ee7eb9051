using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;

namespace VmExecutor.Core.Egress;

/// <summary>The needs of egress policies that the configuration alone does not fulfil.</summary>
public static class EgressNeeds
{
    /// <summary>The limit of the other way to keep a policy, for the job log and for doctor.</summary>
    public const string OnlyByProxy = "only programs that use the proxy of their environment (http_proxy, https_proxy) get out: no ssh, no UDP, no ping";

    /// <summary>The reason against <c>mode: watch</c> there.</summary>
    public const string NoWatching = "'mode: watch' needs qemu:///system: in session mode only what uses the proxy could be seen, and the rest would go on unseen";

    private const string OnlyUserMode = "in session mode a policy holds only in the user-mode network";

    /// <summary>True where policies are kept by a proxy for each sub-stage, and QEMU passes nothing else on: under an ordinary user's libvirt.</summary>
    public static bool IsByProxy(string uri) => LibvirtUri.IsOfUser(uri) && !LibvirtUri.IsRemote(uri);

    /// <summary>The reason why a VM's policy cannot be kept by a proxy, in words; null: it can.</summary>
    public static string? WhyNotByProxy(NetworkSettings network, bool watches) => watches ? NoWatching : network.Mode != NetworkMode.User ? OnlyUserMode : null;

    /// <summary>The same of all policies of an image.</summary>
    public static string? WhyNotByProxy(ImageDefinition image) =>
        !image.Egress.HasPolicies() ? null : WhyNotByProxy(image.Network, image.Egress.Mode == EgressMode.Watch || image.Egress.Projects.Any(one => one.Mode == EgressMode.Watch));

    /// <summary>The way in which the policies are kept, where it has limits that people must know; null: it has none.</summary>
    /// <inheritdoc cref="Ensure" path="/param"/>
    public static string? Note(Settings settings, string uri) =>
        IsByProxy(uri) && settings.Images.Where(image => image.Egress.HasPolicies()).Select(image => image.Name).ToList() is { Count: > 0 } images
            ? $"the egress polic{(images.Count == 1 ? "y of image" : "ies of images")} {string.Join(", ", images)} {(images.Count == 1 ? "is" : "are")} kept by a proxy: {OnlyByProxy}" : null;

    /// <summary>Refuses policies where no VM can have one.</summary>
    /// <param name="settings">The configuration.</param>
    /// <param name="uri">The libvirt that the driver would use.</param>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.EgressImpossible"/>.</exception>
    public static void Ensure(Settings settings, string uri)
    {
        var images = settings.Images.Where(image => image.Egress.HasPolicies()).ToList();
        var why = uri == LibvirtUri.System ? (settings.Libvirt.UserPerVm == UserPerVm.Off ? "'libvirt: user_per_vm' is off, so that no rule can tell VMs apart" : null)
            : !IsByProxy(uri) ? $"libvirt is used at {uri}, where no rule can tell guests from other programs"
            : null;
        if (why is null && IsByProxy(uri))
        {
            images = [.. images.Where(image => WhyNotByProxy(image) is not null)];
            why = images.Select(WhyNotByProxy).FirstOrDefault();
        }

        if (images.Count > 0 && why is not null)
        {
            throw new SystemFailureException(
                ErrorCodes.EgressImpossible,
                $"the egress polic{(images.Count == 1 ? "y of image" : "ies of images")} {string.Join(", ", images.Select(image => image.Name))} cannot be kept: {why}",
                "Use qemu:///system as root with a user for each VM (check as root, too), or write 'egress: {mode: open}': docs/egress.md.");
        }
    }
}
