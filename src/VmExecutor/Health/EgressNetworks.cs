using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Libvirt;

namespace VmExecutor.Health;

/// <summary>Looks whether the libvirt networks of images with an egress policy are such that a policy holds.</summary>
internal static class EgressNetworks
{
    /// <summary>The time limit for libvirt in <c>check</c>: a person waits, and libvirt need not run for a configuration to be right.</summary>
    private static readonly TimeSpan LibvirtLimit = TimeSpan.FromSeconds(5);

    /// <returns>The reason of the first one on which it does not, in words; null: it holds on all.</returns>
    /// <exception cref="HypervisorException">libvirt does not answer.</exception>
    public static async Task<string?> WhyNotAsync(IEnumerable<ImageDefinition> images, IHypervisor hypervisor, CancellationToken cancellationToken)
    {
        foreach (var name in images.Where(IsConcerned).Select(image => image.Network.Name).Distinct())
        {
            if (EgressCard.WhyNot(name, await hypervisor.FindNetworkAsync(name, cancellationToken)) is { } why)
            {
                return why;
            }
        }

        return null;
    }

    /// <summary>Refuses a configuration with a policy that would not hold.</summary>
    /// <returns>A note if libvirt could not be asked; null: it was, or it knows no network that matters.</returns>
    /// <exception cref="SystemFailureException"><see cref="ErrorCodes.EgressImpossible"/>.</exception>
    public static async Task<string?> EnsureAsync(Settings settings, string uri, TimeProvider time, CancellationToken cancellationToken)
    {
        var images = settings.Images.Where(IsConcerned).ToList();
        if (images.Count == 0)
        {
            return null;
        }

        using var hypervisor = new LibvirtHypervisor(uri, LibvirtLimit, time);
        try
        {
            return await WhyNotAsync(images, hypervisor, cancellationToken) is { } why
                ? throw new SystemFailureException(
                    ErrorCodes.EgressImpossible,
                    $"the egress polic{(images.Count == 1 ? "y of image" : "ies of images")} {string.Join(", ", images.Select(image => image.Name))} cannot be kept: {why}",
                    "Write 'network: {mode: user}', or the name of another network, or 'egress: {mode: open}': docs/egress.md.")
                : null;
        }
        catch (HypervisorException e)
        {
            return $"the networks of images with egress policies were not looked at: {e.Message}";
        }
    }

    private static bool IsConcerned(ImageDefinition image) => image.Network.Mode == NetworkMode.Libvirt && image.Egress.HasPolicies();
}
