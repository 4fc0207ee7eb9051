using System.Xml.Linq;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Users;

namespace VmExecutor.Core.Clones;

/// <summary>All that is known of a clone before anything of it is made but its directory.</summary>
/// <param name="Plan">With the sizes that the job or the image wants.</param>
/// <param name="Sizes">How large it will be.</param>
/// <param name="Stamp">The ownership stamp.</param>
/// <param name="Source">The domain XML it is derived from.</param>
/// <param name="Chains">For each writable disk's target: its base.</param>
/// <param name="Accelerator">The one that was found to work; <see cref="Accelerator.Auto"/>: only a start tells, and this is a mere look.</param>
public sealed record CloneBasis(
    ClonePlan Plan, MachineSize Sizes, OwnershipStamp Stamp, XElement Source, IReadOnlyDictionary<string, BackingChain> Chains, Accelerator Accelerator)
{
    /// <summary>The same clone, whose QEMU runs as that user; null: as libvirt's one QEMU user.</summary>
    public CloneBasis For(VmUser? user) => this with { Plan = Plan with { User = user }, Stamp = Stamp with { User = user?.Name } };

    /// <summary>The host's resources that the clone takes.</summary>
    public ClaimRecord Claim => new(Sizes.Memory.Bytes, Sizes.Cpus);

    /// <summary>The MAC address of the source's first card, to which the guest's network may be pinned; null: the source names none.</summary>
    public string? SourceCard => CloneNetwork.AddressOf(Source);
}
