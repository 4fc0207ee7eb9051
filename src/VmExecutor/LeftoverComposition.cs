using VmExecutor.Core.Configuration;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Ledger;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Libvirt;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;

namespace VmExecutor;

/// <summary>The parts that look at all jobs of this host: for removing what they leave, for listing them, and for room beside them.</summary>
internal sealed class LeftoverComposition(Settings settings, string uri, TimeProvider time) : IDisposable
{
    private readonly JobProcesses _processes = new(settings.StateDir, time);

    public Hypervisors Hypervisors { get; } = new(uri, at => new LibvirtHypervisor(at, settings.Libvirt.CallTimeout, time));

    public StateLocks Locks { get; } = new(settings.StateDir, time);

    public LedgerFile Ledger => new(settings.StateDir, Locks);

    public CloneRemover Remover(IHypervisor hypervisor) => new(hypervisor, new DomainStopper(hypervisor, time), _processes, time);

    public JobSurvey Survey() => new(settings.StateDir, Hypervisors, _processes, Judge(), time);

    public LeftoverCollector Collector() => new(settings.StateDir, Survey(), Judge(), Hypervisors, Remover, Locks, Ledger, time);

    public QuickCollection QuickCollection() => new(Collector(), time);

    public Admission Admission(IHypervisor hypervisor) => new(settings, Locks, new ClaimSurvey(settings.StateDir, Locks, _processes, hypervisor), time);

    public void Dispose()
    {
        Locks.Dispose();
        Hypervisors.Dispose();
    }

    private LeftoverJudge Judge() => new(settings.StateDir, time, HostClock.Now);
}
