using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Files;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Observing;

namespace VmExecutor.Jobs;

/// <summary>Everything that this host still knows of a job.</summary>
/// <param name="Key">The job.</param>
/// <param name="Record">Null: it is over, or its record is damaged.</param>
/// <param name="Vm">Its VM's state in a word; null: it is over.</param>
/// <param name="Scripts">Those that ran so far, of a job that is not over.</param>
/// <param name="Console">Its file, while it is there.</param>
/// <param name="ConsoleTail">Its last lines.</param>
/// <param name="Ended">The ledger's lines, one for each attempt that is over.</param>
internal sealed record JobStory(
    JobKey Key,
    JobRecord? Record,
    string? Vm,
    IReadOnlyList<ScriptRecord> Scripts,
    string? Console,
    IReadOnlyList<string> ConsoleTail,
    IReadOnlyList<LedgerEntry> Ended)
{
    /// <summary>Looks in the job's directory, asks libvirt, and reads the ledger.</summary>
    /// <exception cref="Core.Failures.SystemFailureException">There is no such job, also in the ledger, or several.</exception>
    public static Task<JobStory> FindAsync(string text, JobsAtHand jobs, AbsolutePath stateDir, CancellationToken cancellationToken)
    {
        var ended = LedgerReader.Read(stateDir).ToLookup(entry => entry.Job, StringComparer.Ordinal);
        var over = ended.Select(group => JobKey.TryParse(group.Key, out var known) ? known : null).OfType<JobKey>();
        var key = JobChoice.Decide(text, [.. jobs.Keys().Concat(over).Distinct()]);
        return OfAsync(key, jobs.DirectoryOf(key), jobs, [.. ended[key.Value]], cancellationToken);
    }

    /// <summary>The story of a VM that is a service of a job; its line of the ledger is the job's.</summary>
    public static Task<JobStory> OfServiceAsync(JobDirectory vm, JobsAtHand jobs, CancellationToken cancellationToken) => OfAsync(vm.Key, vm, jobs, [], cancellationToken);

    private static async Task<JobStory> OfAsync(JobKey key, JobDirectory directory, JobsAtHand jobs, IReadOnlyList<LedgerEntry> ended, CancellationToken cancellationToken)
    {
        var console = directory.Paths.Console;
        var record = directory.Read();
        return new JobStory(
            key,
            record,
            record is null ? (directory.Exists ? "unknown: its job.json is damaged" : null) : await DescribeAsync(jobs, record, cancellationToken),
            directory.ReadScripts(),
            HostFile.Look(console.Value) == Presence.There ? console.Value : null,
            Host.Hypervisor.ConsoleTail.Read(console),
            ended);
    }

    private static async Task<string> DescribeAsync(JobsAtHand jobs, JobRecord record, CancellationToken cancellationToken)
    {
        try
        {
            return (await jobs.StateAsync(record, cancellationToken))?.State.ToString().ToLowerInvariant() ?? "gone";
        }
        catch (HypervisorException e)
        {
            return $"unknown: {e.Message}";
        }
    }
}
