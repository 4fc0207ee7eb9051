using VmExecutor.Core.Standby;
using VmExecutor.Host;
using VmExecutor.Observing;

namespace VmExecutor.StandingBy;

/// <summary>One fill: removes what no job would get any more, makes what is missing, and keeps the report. The caller holds the right to make standby clones.</summary>
/// <param name="machine">The machine.</param>
/// <param name="log">As for <see cref="StandbyFill"/>.</param>
/// <param name="progress">As for <see cref="StandbyFill"/>.</param>
internal sealed class StandbyRound(Machine machine, JobLog log, Action<string, int, int>? progress = null)
{
    /// <summary>Jobs take clones while others are made, so a fill looks again. One whose clones are too old at once must end all the same.</summary>
    private const int MostRounds = 3;

    /// <returns>False: not all that are wanted are there, and the reasons were said.</returns>
    /// <param name="needs">What is wanted.</param>
    /// <param name="isAll">True: of all images; false: of one, which a person asked for.</param>
    /// <param name="cancellationToken">Ends it; what was being made is removed.</param>
    public async Task<bool> RunAsync(IReadOnlyList<StandbyNeed> needs, bool isAll, CancellationToken cancellationToken)
    {
        // A fill that was killed has left a clone that runs.
        await machine.QuickCollection.RunAsync(self: null, cancellationToken);
        var look = new StandbyLook(machine);
        for (var round = 1; ; round++)
        {
            await new StandbySweep(machine, look, log).RunAsync(needs, isAll, cancellationToken);
            var fill = new StandbyFill(machine, look, log, machine.Standby.ReadReport(), isByHand: !isAll, progress);
            var lines = new List<StandbyLine>();
            foreach (var need in needs)
            {
                lines.Add(await fill.RunAsync(need, cancellationToken));
            }

            var report = new StandbyReport(machine.Time.GetUtcNow(), lines) { Totals = fill.Totals };
            machine.Standby.Write(report, isAll);
            if (!report.IsFull || (await look.ReportAsync(needs, cancellationToken)).IsFull)
            {
                return report.IsFull;
            }

            if (round == MostRounds)
            {
                log.Say("clones are taken, or grow older than 'standby: max_age', as fast as they are made; the next fill goes on");
                return false;
            }
        }
    }
}
