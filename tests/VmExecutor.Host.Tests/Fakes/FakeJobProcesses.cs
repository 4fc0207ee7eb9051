using VmExecutor.Core.Jobs;
using VmExecutor.Host.Processes;

namespace VmExecutor.Host.Tests.Fakes;

/// <summary>Stands in for the process table: remembers which processes of jobs there are.</summary>
internal sealed class FakeJobProcesses : IJobProcesses
{
    public List<JobProcess> Running { get; } = [];

    /// <inheritdoc cref="FakeHypervisor.Gate"/>
    public Func<string, bool, CancellationToken, Task>? Gate { get; set; }

    /// <summary>A process of a job. It has this process's own id, so that it counts as running.</summary>
    public void Add(JobProcessKind kind, JobKey job)
    {
        lock (Running)
        {
            Running.Add(new JobProcess(kind, job, ProcessTable.Self()));
        }
    }

    /// <summary>A process that ended by itself.</summary>
    public void Remove(JobProcessKind kind, JobKey job)
    {
        lock (Running)
        {
            Running.RemoveAll(process => process.Kind == kind && process.Job == job);
        }
    }

    public IReadOnlyList<JobProcess> Find()
    {
        lock (Running)
        {
            return [.. Running];
        }
    }

    public async Task<bool> EndAsync(JobProcess process, CancellationToken cancellationToken)
    {
        await PassAsync(false);
        lock (Running)
        {
            Running.Remove(process);
        }

        await PassAsync(true);
        return true;

        Task PassAsync(bool after) => Gate?.Invoke($"end {process.Kind}", after, cancellationToken) ?? Task.CompletedTask;
    }
}
