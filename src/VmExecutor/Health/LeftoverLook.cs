using VmExecutor.Core.Health;
using VmExecutor.Host.Leftovers;

namespace VmExecutor.Health;

/// <summary>Looks at what jobs have left.</summary>
internal sealed class LeftoverLook(LibvirtLook libvirt, LeftoverCollector? collector)
{
    public IReadOnlyList<HealthCheck> All => [new(Checks.Leftovers, LookAsync)];

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

        var collection = await collector.CollectAsync(dryRun: true, except: null, cancellationToken);
        return LeftoverRules.Decide([.. collection.Leftovers.Select(one => one.Name)], collection.Doubts);
    }
}
