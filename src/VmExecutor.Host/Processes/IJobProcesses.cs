using VmExecutor.Core.Jobs;

namespace VmExecutor.Host.Processes;

/// <summary>
/// Finds and ends the processes of jobs on this host that outlive a stage. It is the seam at which a test stands in for the process
/// table.
/// </summary>
public interface IJobProcesses
{
    /// <summary>All there are, of any job of this state directory, whatever became of their stage, sockets and files.</summary>
    IReadOnlyList<JobProcess> Find();

    /// <summary>Ends one: asks, waits a moment, kills. False: it would not end, or is not ours to end.</summary>
    Task<bool> EndAsync(JobProcess process, CancellationToken cancellationToken);
}

/// <summary>A process with the proof of its job in its arguments.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Job">The job's key.</param>
/// <param name="Process">The process.</param>
public sealed record JobProcess(JobProcessKind Kind, JobKey Job, RunnerProcess Process)
{
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(Kind == JobProcessKind.Ssh ? "ssh" : "qemu")} {Process.Pid}");
}

public enum JobProcessKind
{
    /// <summary>An OpenSSH client: the kept connection, or one of a stage that was killed.</summary>
    Ssh,

    /// <summary>A virtual machine. Normally libvirt's to end; one that libvirt has lost is ours.</summary>
    Qemu,
}
