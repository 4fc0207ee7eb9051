using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Host.Processes;

namespace VmExecutor.Starting;

/// <summary>Decides how large the clone is, once its source is known.</summary>
internal sealed class CloneSizing(LimitSettings limits)
{
    /// <param name="plan">Without sizes.</param>
    /// <param name="source">The source's domain XML.</param>
    /// <param name="chains">For each writable disk's target: its base.</param>
    /// <returns>The plan with the sizes, and what the clone gets with them.</returns>
    /// <exception cref="Core.Failures.BuildFailureException">The job asks for what the image does not allow.</exception>
    public (ClonePlan Plan, MachineSize Sizes) Decide(ClonePlan plan, XElement source, IReadOnlyDictionary<string, BackingChain> chains)
    {
        var disks = SourceDisk.WritableOf(source);
        var own = MachineSize.Of(source, disks.Count == 0 ? default : chains[disks[0].Target].VirtualSize);
        var sizes = SizeChoice.Decide(plan.Job, plan.Image, own, Share(plan.Image));
        return (plan with { Sizes = sizes }, own.With(sizes));
    }

    private HostShare? Share(ImageDefinition image)
    {
        if (image.Cpus is not { Said: null } && image.Memory is not { Said: null })
        {
            return null;
        }

        var host = HostSize.Read();
        return HostShare.Of(host.Cpus, host.Memory, limits);
    }
}
