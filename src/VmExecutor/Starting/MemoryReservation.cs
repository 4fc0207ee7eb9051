using VmExecutor.Core.Capacity;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Usage;
using VmExecutor.Host;

namespace VmExecutor.Starting;

/// <summary>Decides how much of the host's memory is kept for a job's VM: its whole size, or what earlier runs of the job took (<c>limits.reserve</c>).</summary>
internal sealed class MemoryReservation(Machine machine, JobRun run)
{
    /// <summary>The claim of a job that wants its room. Whether its VM wakes up or boots is not known yet; it wakes up where its generation has a template.</summary>
    public Task<ClaimRecord> ForStartAsync(CloneBasis basis, CancellationToken cancellationToken) => OfAsync(basis, MayWakeUp(basis.Plan), cancellationToken);

    /// <summary>The claim of a job that takes a clone that waits.</summary>
    /// <param name="basis">A clone of the job would be made of this.</param>
    /// <param name="waiting">The clone's record.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<ClaimRecord> ForTakenAsync(CloneBasis basis, JobRecord waiting, CancellationToken cancellationToken) =>
        OfAsync(basis, waiting.Standby?.MadeAs == "warm", cancellationToken);

    /// <summary>
    /// Keeps more for a VM that was to wake up and boots after all, since it shares no pages with a template. It does not wait for that: it has its room, and a job that waited with it could wait
    /// for one that does the same.
    /// </summary>
    public async Task RaiseForBootAsync(CloneBasis basis, CancellationToken cancellationToken)
    {
        if (run.Record?.Claim is { LearnedBytes: { } kept } && MayWakeUp(basis.Plan) && await OfAsync(basis, isWoken: false, cancellationToken) is var booted && booted.ReservedBytes > kept)
        {
            await run.UpdateAsync(record => record with { Claim = booted }, cancellationToken);
        }
    }

    private static bool MayWakeUp(ClonePlan plan) =>
        WarmDecision.NotWanted(plan) is null && (plan.Template is not null || WarmDecision.ForImage(plan.Image, plan.Generation) is null);

    private async Task<ClaimRecord> OfAsync(CloneBasis basis, bool isWoken, CancellationToken cancellationToken)
    {
        var (declared, limits, job) = (basis.Claim, machine.Settings.Limits, basis.Plan.Job);
        if (limits.Reserve != ReserveMode.Learned || job is not { ProjectPath: { } project, Name: { } name })
        {
            return declared;
        }

        var most = await machine.Learned.MostOfAsync(new JobKind(project, name, basis.Plan.Image.Name.Value, declared.MemoryBytes, isWoken), cancellationToken);
        var claim = Reservation.Of(declared, most, limits);
        if (claim.LearnedBytes is { } bytes)
        {
            run.Log.Say($"capacity: {RoughSize.Of(bytes)} of the host's memory are kept for the VM, by what earlier runs of the job took");
        }

        return claim;
    }
}
