using VmExecutor.Core.Clones;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Waiting;

namespace VmExecutor.Host.Processes;

/// <summary>
/// Finds jobs' processes by their arguments. An ssh of the driver names the job in an option and works in the job's directory; a QEMU of
/// the driver has the clone's name and a file of the job's directory among its arguments.
/// </summary>
public sealed class JobProcesses(AbsolutePath stateDir, TimeProvider time) : IJobProcesses
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    public IReadOnlyList<JobProcess> Find()
    {
        var jobs = JobPaths.Jobs(stateDir).Value + "/";
        return [.. ProcessTable.Ids().Select(id => Recognize(id, jobs)).OfType<JobProcess>()];
    }

    public async Task<bool> EndAsync(JobProcess process, CancellationToken cancellationToken)
    {
        foreach (var signal in (int[])[UnixSignal.Terminate, UnixSignal.Kill])
        {
            if (!ProcessTable.Runs(process.Process))
            {
                return true;
            }

            UnixSignal.Send(process.Process.Pid, signal);

            // One that is stopped hears it only when it goes on.
            UnixSignal.Send(process.Process.Pid, UnixSignal.Continue);
            var gone = await new Poll(Patience, PollInterval, time).UntilAsync(
                _ => Task.FromResult(!ProcessTable.Runs(process.Process)), cancellationToken).ConfigureAwait(false);
            if (gone)
            {
                return true;
            }
        }

        return false;
    }

    private static JobProcess? Recognize(int id, string jobs)
    {
        var arguments = ProcessTable.Arguments(id);
        if (arguments.Length == 0)
        {
            return null;
        }

        var program = Path.GetFileName(arguments[0]);
        if (program == "ssh")
        {
            return Named(arguments, SshArguments.HostKeyAliasOption) is { } job
                && ProcessTable.WorkingDirectory(id) is { } directory
                && $"{directory}/".StartsWith($"{jobs}{job}", StringComparison.Ordinal)
                    ? new JobProcess(JobProcessKind.Ssh, job, ProcessTable.Describe(id))
                    : null;
        }

        // qemu-system-x86_64, qemu-kvm, kvm: as the distribution calls it.
        return program.Contains("qemu", StringComparison.Ordinal) || program == "kvm"
            ? Named(arguments, "guest=") is { } clone && arguments.Any(argument => argument.Contains($"{jobs}{clone}/", StringComparison.Ordinal))
                ? new JobProcess(JobProcessKind.Qemu, clone, ProcessTable.Describe(id))
                : null
            : null;
    }

    /// <summary>The job whose domain an argument names behind <paramref name="mark"/>.</summary>
    private static JobKey? Named(string[] arguments, string mark)
    {
        var value = arguments.FirstOrDefault(argument => argument.StartsWith(mark, StringComparison.Ordinal))?[mark.Length..].Split(',')[0];
        return value?.StartsWith(DomainName.Prefix, StringComparison.Ordinal) == true && JobKey.TryParse(value[DomainName.Prefix.Length..], out var job)
            ? job
            : null;
    }
}
