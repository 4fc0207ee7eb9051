using VmExecutor.Core.Health;
using VmExecutor.Host.Leftovers;

namespace VmExecutor.Health;

/// <summary>What jobs have left.</summary>
internal sealed class LeftoverCheck(SettingsLook settings, LibvirtLook libvirt, LeftoverCollector? collector)
{
    public HealthCheck One => new(Checks.Leftovers, LookAsync);

    private async Task<IReadOnlyList<Finding>> LookAsync(CancellationToken cancellationToken)
    {
        if (settings.Settings is null || collector is null)
        {
            return [Checks.Leftovers.Skipped("state_dir is not known: see 'config'")];
        }

        if (await libvirt.TryAskAsync(cancellationToken) is null)
        {
            return [Checks.Leftovers.Skipped("libvirt cannot be asked: see 'libvirt'")];
        }

        var collection = await collector.CollectAsync(dryRun: true, except: null, cancellationToken);
        var count = collection.Leftovers.Count;
        List<Finding> findings = [.. collection.Doubts.Select(doubt => Checks.Leftovers.Warning(doubt, $"{DriverVersion.Name} list --leaks"))];
        if (count > 0)
        {
            findings.Add(Checks.Leftovers.Warning(
                $"{count} leftover{(count == 1 ? "" : "s")} of jobs that are over: {string.Join(", ", collection.Leftovers.Take(3).Select(one => one.Name))}{(count > 3 ? ", …" : "")}", $"{DriverVersion.Name} gc"));
        }

        return findings.Count > 0 ? findings : [Checks.Leftovers.Ok("nothing is left of jobs that are over")];
    }
}
