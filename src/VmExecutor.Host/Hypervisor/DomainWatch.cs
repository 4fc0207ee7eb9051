using VmExecutor.Core.Values;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Hypervisor;

/// <summary>
/// Checks that the clone's domain still runs: before each probe of prepare, and every two seconds beside a running script.
/// </summary>
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
                throw Died(Gone);
            case { State: DomainState.Crashed } or { State: DomainState.Paused, Reason: PausedByCrash }:
                throw Died(GuestDeath.Crashed);
            case { State: DomainState.Paused, Reason: PausedByIoError }:
                throw Died(_ => DiskTrouble.Explain(console.Parent()));
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
        await new Poll(Timeout.InfiniteTimeSpan, Interval, time).UntilAsync(
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

    /// <summary>A guest whose kernel has panicked and stands still is alive to libvirt; asked once it does not answer.</summary>
    /// <exception cref="GuestDiedException">Its console shows a panic.</exception>
    public void EnsureNoPanic()
    {
        if (GuestDeath.OfPanic(ConsoleTail.Read(console)) is { } death)
        {
            throw Died(_ => death);
        }
    }

    private GuestDeath Gone(IReadOnlyList<string> lines)
    {
        var log = QemuLog.ReadTail(hypervisor.Uri, new DomainName(domain));
        var end = log.Count == 0 ? null : QemuEnd.Parse(log);
        var killed = end is { Reason: "crashed" or "failed", Time: { } when } ? KernelLog.FindKilledQemu(when, time.GetUtcNow()) : null;
        return GuestDeath.Of(end, lines, killed);
    }

    private GuestDiedException Died(Func<IReadOnlyList<string>, GuestDeath> explain)
    {
        var lines = ConsoleTail.Read(console);
        var (how, hint) = explain(lines);
        return new GuestDiedException(domain, how, hint, lines);
    }
}
