using System.Xml.Linq;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;

namespace VmExecutor.Starting;

/// <summary>All that is known of a clone before anything of it is made but its directory.</summary>
/// <param name="Plan">With the sizes that the job or the image wants.</param>
/// <param name="Sizes">How large it will be.</param>
/// <param name="Stamp">Who owns it.</param>
/// <param name="Source">The domain XML it is derived from.</param>
/// <param name="Chains">For each writable disk's target: its base.</param>
/// <param name="Accelerator">What was found to work.</param>
internal sealed record CloneBasis(
    ClonePlan Plan, MachineSize Sizes, OwnershipStamp Stamp, XElement Source, IReadOnlyDictionary<string, BackingChain> Chains, Accelerator Accelerator);
