using VmExecutor.Core.Clones;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Guests.Login;
using VmExecutor.Host.Hypervisor;

namespace VmExecutor.Stages;

/// <summary>Overlays on the base, and a guest that boots.</summary>
internal sealed class ColdStart(
    IHypervisor hypervisor, IGuestShell guestShell, CloneMaker maker, LivingClones livingClones, LoginMaker login, TimeProvider time)
{
    /// <param name="basis">What to make.</param>
    /// <param name="directory">The job's directory.</param>
    /// <param name="record">What is in it so far.</param>
    /// <param name="watch">Looks whether the domain lives.</param>
    /// <param name="times">Told when a phase is over.</param>
    /// <param name="cancellationToken">Ends each wait at once.</param>
    public async Task<StartedGuest> RunAsync(
        CloneBasis basis, JobDirectory directory, JobRecord record, DomainWatch watch, PhaseTimes times, CancellationToken cancellationToken)
    {
        var (plan, _, stamp, source, chains, accelerator) = basis;
        await maker.MakeDisksAsync(source, plan, chains, cancellationToken);
        record = await livingClones.JoinAsync(plan.Job.Key, directory, record, chains.Values, cancellationToken);
        times.Ended("disks");

        plan = plan with { Login = await login.MakeAsync(plan, cancellationToken) };
        await maker.StartAsync(LinkedClone.Derive(source, plan, stamp, chains, accelerator), plan, chains, plan.Memory?.Path, cancellationToken);
        times.Ended("start");
        return new StartedGuest(await EnterAsync(plan, watch, times, cancellationToken), record);
    }

    private async Task<GuestAccess> EnterAsync(ClonePlan plan, DomainWatch watch, PhaseTimes times, CancellationToken cancellationToken)
    {
        var image = plan.Image;
        var booting = time.GetTimestamp();
        var (host, port) = await new GuestAddressFinder(hypervisor, watch, time)
            .FindAsync(plan.Domain.Value, plan.Job.Key.Mac(0), image.Network, image.Ssh.Port, image.Timeouts.Boot, cancellationToken);
        var access = GuestOfJob.Access(plan, new GuestAddress(host, port)) with { Proof = GuestOfJob.NewProof(plan) };
        var bootTimeLeft = image.Timeouts.Boot - time.GetElapsedTime(booting);
        await guestShell.WaitForServerAsync(access.Address, AtLeastASecond(bootTimeLeft), watch.EnsureAliveAsync, cancellationToken);
        times.Ended("boot");

        access = await guestShell.OpenAsync(access, image.Timeouts.Ssh, watch.EnsureAliveAsync, cancellationToken);
        times.Ended("ssh");
        return access;
    }

    private static TimeSpan AtLeastASecond(TimeSpan left) => left < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : left;
}
