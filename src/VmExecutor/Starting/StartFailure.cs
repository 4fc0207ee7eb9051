using System.Globalization;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Diagnosis;
using VmExecutor.Core.Failures;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Starting;

/// <summary>
/// Reports a failed start in the job log, before the failure itself: the phase, the guest's last words, the host's state, and the likely
/// cause.
/// </summary>
internal static class StartFailure
{
    public static void Tell(CloneBasis basis, JobRun run, SystemFailureException failure)
    {
        var (plan, times, log) = (basis.Plan, run.Times, run.Log);
        var phase = StartPhases.After(times.Last, failure.Code);
        var stalled = times.SinceLast;
        var console = failure is GuestDiedException died ? died.ConsoleTail : ConsoleTail.Read(plan.Paths.Console);
        var pressure = PressureReader.Read(plan.Paths.StateDir);
        if (failure is not GuestDiedException)
        {
            // A guest that died brings its lines along; they are shown with the failure.
            log.ShowConsole(console);
        }

        log.Say(string.Create(CultureInfo.InvariantCulture, $"Start failed in phase '{phase}' after {stalled.TotalSeconds:0.00} s; all together {times}"));
        log.Say($"The host at that time: {pressure}");
        var cause = StartDiagnosis.Explain(new StartTrouble
        {
            Code = failure.Code,
            Accelerator = basis.Accelerator,
            Phase = phase,
            Stalled = stalled,
            Console = console,
            Pressure = pressure,
            Network = plan.Image.Network,
            SourceCard = basis.SourceCard,
            Ssh = plan.Image.Ssh,
        });
        if (cause is not null)
        {
            log.Say($"Likely cause: {cause}");
        }
    }
}
