using System.Xml.Linq;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Core.Clones;

/// <summary>
/// Derives a clone's domain XML from its source's: the hardware stays, what is the source's own (name, UUID, MACs, disks it
/// writes to, host-side endpoints) is replaced. One file per topic; each topic changes the tree in place.
/// </summary>
public static class LinkedClone
{
    /// <param name="source">The source's inactive domain XML; it is not changed.</param>
    /// <param name="plan">What the clone is.</param>
    /// <param name="stamp">Who owns it.</param>
    /// <param name="chains">For each writable disk's target: the base it stands on.</param>
    /// <param name="accelerator">What was found to work: KVM or TCG.</param>
    /// <exception cref="Failures.SystemFailureException">The source has a device that clones cannot have.</exception>
    public static XElement Derive(
        XElement source,
        ClonePlan plan,
        OwnershipStamp stamp,
        IReadOnlyDictionary<string, BackingChain> chains,
        Accelerator accelerator)
    {
        var domain = new XElement(source);
        ClonePassthrough.Refuse(domain);
        CloneIdentity.Apply(domain, plan, stamp);
        CloneProcessor.Apply(domain, plan.Sizes, accelerator);
        CloneDisks.Apply(domain, plan, chains);
        CloneFirmware.Apply(domain, plan.Paths);
        CloneNetwork.Apply(domain, plan);
        CloneEndpoints.Apply(domain, plan.Paths);
        CloneLogin.Apply(domain, plan.Login);
        if (plan.Memory is { } memory)
        {
            CloneMemory.Apply(domain, memory, incoming: false);
            CloneProbing.Apply(domain);
        }

        return domain;
    }
}
