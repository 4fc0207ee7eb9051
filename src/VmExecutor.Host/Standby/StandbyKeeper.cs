using VmExecutor.Core.Clones;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Standby;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Standby;

/// <summary>Looks after the clones that wait for jobs. The lock of each is held by whatever makes, takes or removes it.</summary>
public sealed class StandbyKeeper(Machine machine)
{
    /// <summary>Looks whether its parts are well: VM, connection, bases. Null: they are.</summary>
    public async Task<StandbyMiss?> FindDamageAsync(StandbyClone clone, CancellationToken cancellationToken)
    {
        var (record, paths) = (clone.Record, clone.Directory.Paths);
        var status = await machine.Hypervisors.At(record.LibvirtUri).FindStatusAsync(record.Domain, cancellationToken).ConfigureAwait(false);
        return status is null ? new StandbyMiss("stopped", $"VM {record.Domain} is gone")
            : !status.IsPausedByUser ? new StandbyMiss("stopped", $"VM {record.Domain} is {status.State.ToString().ToLowerInvariant()}, not paused by vm-executor")
            : !(record.Standby!.Master is { } master && ProcessTable.Runs(master)) ? new StandbyMiss("connection", $"the ssh connection of VM {record.Domain} is gone")
            : BaseFingerprints.Changed(record.Bases) is [var changed, ..] ? new StandbyMiss("disk", $"the base disk {changed} of VM {record.Domain} was changed")
            : BaseFingerprints.Changed(record.Standby.Overlays) is [var written, ..] ? new StandbyMiss("disk", $"the overlay {written} was changed while VM {record.Domain} was paused")
            : null;
    }

    /// <summary>Halts a guest and the ssh master of its kept connection.</summary>
    /// <returns>The master; null: there is no connection, and the guest was not halted.</returns>
    public async Task<RunnerProcess?> HaltAsync(JobRecord record, JobPaths paths, CancellationToken cancellationToken)
    {
        var master = await new ControlMaster(paths.Directory.Child(SshArguments.ControlSocket).Value, machine.Time).FindAsync(cancellationToken).ConfigureAwait(false);
        if (master is not null)
        {
            await machine.Hypervisors.At(record.LibvirtUri).PauseAsync(record.Domain, cancellationToken).ConfigureAwait(false);
            UnixSignal.Send(master.Pid, UnixSignal.Stop);
        }

        return master;
    }

    /// <summary>Lets a halted guest and its ssh master go on.</summary>
    public async Task GoOnAsync(JobRecord record, CancellationToken cancellationToken)
    {
        await machine.Hypervisors.At(record.LibvirtUri).ResumeAsync(record.Domain, cancellationToken).ConfigureAwait(false);
        if (record.Standby?.Master is { } master && ProcessTable.Runs(master))
        {
            UnixSignal.Send(master.Pid, UnixSignal.Continue);
        }
    }

    /// <summary>Removes a clone that nothing takes or makes at the moment. False: something does.</summary>
    /// <exception cref="CleanupException">Something of it is left.</exception>
    public async Task<bool> RemoveAsync(StandbyClone clone, CancellationToken cancellationToken)
    {
        using var held = machine.Locks.TryTake(clone.Key);
        if (held is null || clone.Directory.Read() is not { IsStandby: true } record)
        {
            return false;
        }

        await machine.RemoverAt(record.LibvirtUri)
            .RemoveAsync(clone.Key, clone.Directory, grace: null, _ => { }, hurry: new CancellationToken(canceled: true), cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Removes the oldest of them, so that a job has its room. False: there is none.</summary>
    public async Task<bool> GiveUpOneAsync(CancellationToken cancellationToken)
    {
        foreach (var clone in machine.Standby.List())
        {
            if (await RemoveAsync(clone, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }
        }

        return false;
    }
}
