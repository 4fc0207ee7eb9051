using VmExecutor.Core.Clones;
using VmExecutor.Core.Guests;
using VmExecutor.Host;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Guests.Login;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Starting;

/// <summary>Overlays on the base, and a guest that boots.</summary>
internal sealed class ColdStart(Machine machine)
{
    /// <param name="basis">The facts for making the clone.</param>
    /// <param name="run">The job, whose directory has a record.</param>
    /// <param name="watch">Looks whether the domain lives.</param>
    /// <param name="cancellationToken">Ends each wait at once.</param>
    /// <returns>A guest that runs commands.</returns>
    public async Task<GuestAccess> RunAsync(CloneBasis basis, JobRun run, DomainWatch watch, CancellationToken cancellationToken)
    {
        var (plan, _, stamp, source, chains, accelerator) = basis;
        await machine.CloneMaker.MakeDisksAsync(source, plan, chains, cancellationToken);
        await machine.LivingClones.JoinAsync(run.Directory, chains.Values, record => record, cancellationToken);
        run.Times.Ended("disks");

        plan = plan with { Login = await new LoginMaker(machine.Tools).MakeAsync(plan, cancellationToken) };
        var definition = LinkedClone.Derive(source, plan, stamp, chains, accelerator);
        await machine.CloneMaker.StartAsync(definition, plan, chains, plan.Memory?.Path, cancellationToken);
        run.Times.Ended("start");

        var image = plan.Image;
        var booting = machine.Time.GetTimestamp();
        var (host, port) = await new GuestAddressFinder(machine.Hypervisor, watch, machine.Time)
            .FindAsync(plan.Domain.Value, plan.Mac(0), image.Network, plan.IsRestricted, image.Ssh.Port, image.Timeouts.Boot, cancellationToken);
        var access = GuestOfJob.Access(plan, new GuestAddress(host, port)) with { Proof = GuestOfJob.NewProof(plan) };
        var bootTimeLeft = image.Timeouts.Boot - machine.Time.GetElapsedTime(booting);
        await machine.GuestShell.WaitForServerAsync(access.Address, new WaitLimit(AtLeastASecond(bootTimeLeft), run.Log.Say), watch.EnsureAliveAsync, cancellationToken);
        run.Times.Ended("boot");

        access = await machine.GuestShell.OpenAsync(access, new WaitLimit(image.Timeouts.Ssh, run.Log.Say), watch.EnsureAliveAsync, cancellationToken);
        run.Times.Ended("ssh");
        return access;
    }

    private static TimeSpan AtLeastASecond(TimeSpan left) => left < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : left;
}
