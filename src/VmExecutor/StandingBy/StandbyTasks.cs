using VmExecutor.Core.Failures;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Observing;

namespace VmExecutor.StandingBy;

/// <summary>The work of the commands of <c>standby</c>, each from the configuration to its end.</summary>
internal sealed class StandbyTasks(Invocation invocation, string? configOption)
{
    /// <summary>Longer than making some clones takes.</summary>
    private static readonly TimeSpan FillTakes = TimeSpan.FromMinutes(30);

    /// <summary>The report of what is wanted and there.</summary>
    public async Task<StandbyReport> ReportAsync(CancellationToken cancellationToken)
    {
        using var machine = invocation.Machine(configOption);
        return await new StandbyLook(machine).ReportAsync(Needs(machine, image: null), cancellationToken);
    }

    /// <summary>Removes what no job would get, and makes what is missing. False: not all that are wanted are there, and the reasons were said.</summary>
    /// <param name="image">Only of this one; null: of all.</param>
    /// <param name="cancellationToken">Ends it; what was being made is removed.</param>
    public async Task<bool> FillAsync(ImageName? image, CancellationToken cancellationToken)
    {
        using var machine = invocation.Machine(configOption);
        var log = new JobLog(invocation.Output, invocation.Said);
        if (machine.Drain.Read() is { } drained)
        {
            log.Say($"no clones are made to wait: this host was drained {drained.Words}; '{DriverVersion.Name} undrain' ends that");
            return true;
        }

        using var right = machine.Locks.TryTakeStandby();
        if (right is null)
        {
            log.Say("another process makes standby clones already, and sees to all that are wanted");
            return true;
        }

        return await new StandbyRound(machine, log, invocation.ShowAmount).RunAsync(Needs(machine, image), isAll: image is null, cancellationToken);
    }

    /// <summary>Removes all that wait.</summary>
    /// <returns>How many.</returns>
    public async Task<int> DrainAsync(CancellationToken cancellationToken)
    {
        using var machine = invocation.MachineWithoutImages(configOption);
        if (machine.Locks.StandbyIsMade)
        {
            invocation.Error.WriteLine("a fill is under way; waiting for its end");
        }

        using var right = await machine.Locks.TakeStandbyAsync(FillTakes, cancellationToken) ?? throw new SystemFailureException(
            ErrorCodes.JobIsBusy, "a fill of standby clones does not end", $"See what holds it: ps -eo pid,stat,wchan,args | grep {DriverVersion.Name}");
        var removed = 0;
        while (await machine.StandbyKeeper.GiveUpOneAsync(cancellationToken))
        {
            removed++;
        }

        return removed;
    }

    private static IReadOnlyList<StandbyNeed> Needs(Machine machine, ImageName? image) =>
        [.. machine.Settings.Images.Where(one => image is null || one.Name == image).SelectMany(StandbyNeed.Of)];
}
