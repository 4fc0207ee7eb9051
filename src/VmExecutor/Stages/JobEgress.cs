using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Egress;
using VmExecutor.Host.Files;

namespace VmExecutor.Stages;

/// <summary>The egress policy of one job while its scripts run.</summary>
/// <param name="wall">Keeps the policies of this host.</param>
/// <param name="policy">The job's policy.</param>
/// <param name="place">The VM's place; null: it runs as libvirt's one QEMU user, so that the policy cannot be kept.</param>
/// <param name="directory">The job's directory, for what was refused.</param>
/// <param name="time">The clock.</param>
internal sealed class JobEgress(EgressWall wall, EgressPolicy policy, EgressPlace? place, JobDirectory directory, TimeProvider time)
{
    private static readonly TimeSpan ReadingTakes = TimeSpan.FromSeconds(10);

    /// <summary>Ending a tool that hangs takes another second, and a cancelled stage is over soon.</summary>
    private static readonly TimeSpan ReadingTakesAfterCancel = TimeSpan.FromSeconds(1);

    /// <summary>Before a script: puts back what is missing of the policy.</summary>
    /// <exception cref="SystemFailureException">It cannot be kept, so the script may not run.</exception>
    public async Task EnsureAsync(Action<string> warn, CancellationToken cancellationToken)
    {
        if (await wall.EnsureAsync(policy, place, cancellationToken) is { Count: > 0 } missing)
        {
            warn($"{string.Join(" and ", missing)} of the egress policy '{policy.Name}' had gone and {(missing.Count == 1 ? "is" : "are")} put back");
        }
    }

    /// <summary>After a script: tells what was refused, each destination once per job. What cannot be told fails no script.</summary>
    /// <param name="warn">Takes the lines.</param>
    /// <param name="cancellationToken">The sub-stage's: when it is cancelled, little time is left.</param>
    public async Task TellAsync(Action<string> warn, CancellationToken cancellationToken)
    {
        if (place is null)
        {
            return;
        }

        using var limit = new CancellationTokenSource(ReadingTakes, time);
        await using var hurry = cancellationToken.Register(() => limit.CancelAfter(ReadingTakesAfterCancel));
        try
        {
            var earlier = directory.ReadEgress() ?? EgressNotes.None(policy);
            var notes = (await wall.ReadAsync(policy, place.User, limit.Token)).And(earlier);
            foreach (var line in notes.News(earlier))
            {
                warn(line);
            }

            AtomicFile.Write(directory.Paths.Egress, notes.ToJson(), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (e is DriverException or OperationCanceledException || HostFileException.Explains(e))
        {
            warn($"what the egress policy '{policy.Name}' refused is not known: {e.Message}");
        }
    }
}
