using VmExecutor.Core.Values;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Hypervisor;

/// <summary>Whether the patient is alive: asked before each probe of prepare, and every two seconds beside a running script.</summary>
public sealed class DomainWatch(IHypervisor hypervisor, string domain, AbsolutePath console, TimeProvider time)
{
    // libvirt-domain.h, virDomainPausedReason.
    private const int PausedByIoError = 5;
    private const int PausedByCrash = 10;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <exception cref="GuestDiedException">The domain is gone, crashed, or halted by a disk error.</exception>
    public async Task EnsureAliveAsync(CancellationToken cancellationToken)
    {
        var status = await hypervisor.FindStatusAsync(domain, cancellationToken).ConfigureAwait(false);
        switch (status)
        {
            case null or { State: DomainState.ShutOff }:
                throw Died(
                    "is no longer running: the guest powered itself off, or its QEMU process ended",
                    "If the script did not power it off, see the console lines above and the host's kernel log (dmesg) for an out-of-memory kill.");
            case { State: DomainState.Crashed } or { State: DomainState.Paused, Reason: PausedByCrash }:
                throw Died("crashed (guest kernel panic)", "See the console lines above for the guest kernel's message.");
            case { State: DomainState.Paused, Reason: PausedByIoError }:
                throw Died(
                    "was paused by QEMU because a disk write failed",
                    $"Most likely the host's disk is full: df -h {console.Parent()}");
        }
    }

    /// <summary>
    /// Looks every two seconds until cancelled; the first look comes after the first interval, which short scripts never see.
    /// A running VM does not need libvirt: a daemon that is restarted, gone or mute is told of once and asked again.
    /// </summary>
    /// <param name="tell">Takes the line for the job log.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <exception cref="GuestDiedException">As <see cref="EnsureAliveAsync"/>.</exception>
    public async Task WatchAsync(Action<string> tell, CancellationToken cancellationToken)
    {
        var told = false;
        await Task.Delay(Interval, time, cancellationToken).ConfigureAwait(false);
        await new Question(Timeout.InfiniteTimeSpan, Interval, time).AskAsync(
            async token =>
            {
                try
                {
                    await EnsureAliveAsync(token).ConfigureAwait(false);
                }
                catch (HypervisorException trouble)
                {
                    if (!told)
                    {
                        told = true;
                        tell($"the script goes on, but whether its VM does cannot be seen at the moment: {trouble.Message}");
                    }
                }

                return false;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private GuestDiedException Died(string how, string hint) => new(domain, how, hint, ConsoleTail.Read(console));
}
