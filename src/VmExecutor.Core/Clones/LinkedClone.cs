using System.Xml.Linq;
using VmExecutor.Core.Clones.Parts;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Core.Clones;

/// <summary>
/// Derives a clone's domain XML from its source's: what the table of parts keeps is copied, and nothing else; then what is to be the clone's own
/// (name, UUID, MACs, overlays, host-side endpoints) is put in. One file per topic; each topic changes the copy in place.
/// </summary>
public static class LinkedClone
{
    /// <param name="source">The source's inactive domain XML; it is not changed.</param>
    /// <param name="plan">The plan of the clone.</param>
    /// <param name="stamp">The ownership stamp.</param>
    /// <param name="chains">For each writable disk's target: the base it stands on.</param>
    /// <param name="accelerator">The accelerator that was found to work: KVM or TCG.</param>
    /// <exception cref="Failures.SystemFailureException">The source has parts that clones cannot have; all of them are named.</exception>
    public static XElement Derive(
        XElement source,
        ClonePlan plan,
        OwnershipStamp stamp,
        IReadOnlyDictionary<string, BackingChain> chains,
        Accelerator accelerator)
    {
        var (domain, findings) = DomainWalk.Through(source, ClonePurpose.Job, plan.Image.AllowParts);
        DomainReview.Demand(source, ClonePurpose.Job, findings);
        CloneIdentity.Apply(domain, plan, stamp);
        CloneProcessor.Apply(domain, plan.Sizes, accelerator);
        CloneDisks.Apply(domain, plan, chains);
        CloneFirmware.Apply(domain, plan.Paths);
        CloneNetwork.Apply(domain, plan);
        CloneEndpoints.Apply(domain, plan.Paths);
        CloneDevices.Apply(domain, plan.Paths);
        CloneLogin.Apply(domain, plan.Login);
        if (plan.Memory is { } memory)
        {
            CloneMemory.Apply(domain, memory, incoming: false);
            CloneProbing.Apply(domain);
        }

        CloneSparePort.Apply(domain, plan);
        CloneUser.Apply(domain, plan.User);
        CloneOrder.Apply(domain);
        return domain;
    }
}
