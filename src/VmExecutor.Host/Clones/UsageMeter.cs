using VmExecutor.Core.Jobs;
using VmExecutor.Core.Templates;
using VmExecutor.Core.Values;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Clones;

/// <summary>Measures the resources that a job's VM has used so far, by the kernel's own counts. libvirt is not asked.</summary>
public static class UsageMeter
{
    public static JobUsage Read(JobKey key, JobDirectory directory, IJobProcesses processes)
    {
        var qemu = processes.Find().FirstOrDefault(process => process.Job == key && process.Kind == JobProcessKind.Qemu)?.Process.Pid;
        var record = directory.Read();
        var said = SaidByGuest(directory, record);
        return new JobUsage(
            said ?? (qemu is { } pid ? Memory(pid, record) : null),
            qemu is { } same ? ProcessTable.CpuTime(same) : null,
            directory.Exists ? directory.DiskBytes() : null)
        {
            IsMemoryByGuest = said is not null,
            Refused = record?.Egress is null || directory.ReadEgress() is not { Watches: false } egress ? 0 : egress.RefusedTimes,
        };
    }

    private static GuestMemoryUse? SaidByGuest(JobDirectory directory, JobRecord? record) =>
        record?.Claim?.MemoryBytes is { } all && directory.ReadScripts().Max(script => script.GuestPeakBytes) is { } peak ? new GuestMemoryUse(peak, all) : null;

    /// <summary>
    /// Measures the guest's memory. A user who is neither root nor QEMU's user sees only the memory of the whole process.
    /// </summary>
    private static GuestMemoryUse? Memory(int qemu, JobRecord? record)
    {
        var ram = AbsolutePath.TryParse(record?.Template, out var template) ? template.Child(Template.RamName) : null;
        var all = record?.Claim?.MemoryBytes;
        return GuestMemoryUse.Of(all is { } bytes ? GuestMemory.Read(qemu, ram, bytes).TouchedBytes : null, ProcessTable.PeakMemory(qemu), all);
    }
}
