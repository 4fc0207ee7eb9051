using VmExecutor.Core.Jobs;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Clones;

/// <summary>What a job's VM has used of the host so far, by the kernel's own counts: libvirt is not asked.</summary>
public static class UsageMeter
{
    public static JobUsage Read(JobKey key, JobDirectory directory, IJobProcesses processes)
    {
        var qemu = processes.Find().FirstOrDefault(process => process.Job == key && process.Kind == JobProcessKind.Qemu)?.Process.Pid;
        return new JobUsage(
            qemu is { } pid ? ProcessTable.PeakMemory(pid) : null,
            qemu is { } same ? ProcessTable.CpuTime(same) : null,
            directory.Exists ? directory.DiskBytes() : null);
    }
}
