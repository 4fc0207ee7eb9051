using VmExecutor.Core.Health;
using VmExecutor.Host.Leftovers;

namespace VmExecutor.Health;

/// <summary>Looks at what jobs have left.</summary>
/// <param name="libvirt">Where their VMs are.</param>
/// <param name="collector">Null: <c>state_dir</c> is not known.</param>
/// <param name="kvmTried">Ends when doctor's own VM is gone.</param>
internal sealed class LeftoverLook(LibvirtLook libvirt, LeftoverCollector? collector, Task kvmTried)
{
    public IReadOnlyList<HealthCheck> All => [new(Checks.Leftovers, KvmLook.Limit + HealthCheck.Usual, LookAsync)];

    private async Task<IReadOnlyList<Finding>> LookAsync(CancellationToken cancellationToken)
    {
        if (collector is null)
        {
            return [Checks.Leftovers.WithoutStateDir()];
        }

        if (await libvirt.TryAskAsync(cancellationToken) is null)
        {
            return [Checks.Leftovers.WithoutLibvirt()];
        }

        await kvmTried.WaitAsync(cancellationToken);
        var collection = await collector.CollectAsync(dryRun: true, cancellationToken);
        return LeftoverRules.Decide([.. collection.Leftovers.Select(one => one.Name)], collection.Doubts);
    }
}
