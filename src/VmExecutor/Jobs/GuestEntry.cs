using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Services;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Processes;
using VmExecutor.Starting;

namespace VmExecutor.Jobs;

/// <summary>
/// <c>ssh</c>, and <c>logs --service</c> of a container: into a job's guest with the job's own key and its pinned host keys, over the kept connection while that is open, else over one beside it.
/// </summary>
internal sealed class GuestEntry(Machine machine)
{
    private const int LongestLine = 1200;

    // A loaded emulated guest takes many seconds for a login.
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(60);

    /// <param name="job">As the user typed it.</param>
    /// <param name="words">A command; empty: the login shell.</param>
    /// <param name="service">One of the job's services, into which it goes; null: into the guest itself.</param>
    /// <param name="terminal">Whether the person has a terminal on both ends.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The command's exit code; 255 where ssh itself failed, and said why.</returns>
    /// <exception cref="SystemFailureException">There is no such job, or no guest of it to enter, or another guest answers at its address.</exception>
    public async Task<int> RunAsync(string job, IReadOnlyList<string> words, string? service, bool terminal, CancellationToken cancellationToken)
    {
        var jobs = new JobsAtHand(machine.Settings, machine.Time);
        var (key, directory) = jobs.Find(job);
        if (service is not null && jobs.TryFindService(directory, service) is { } vm)
        {
            (key, directory, service) = (vm.Key, vm, null);
        }

        var (record, access) = GuestOfJob.Of(directory);
        await EnsureRunsAsync(key, record, cancellationToken);
        if (service is not null)
        {
            words = ServicesOf(key, record).Enter(access.User, service, words, terminal);
        }

        return await BesideAsync(
            key,
            record,
            access,
            way => TerminalTool.RunAsync(
                new ToolCall("ssh", SshArguments.Enter(way, terminal, words.Count == 0 ? null : ShellText.Line(words))) { WorkingDirectory = directory.Paths.Directory }, machine.Variables, cancellationToken),
            cancellationToken);
    }

    /// <summary>The last lines of a service that is a container in the job's guest, made printable: a hostile one steers no terminal.</summary>
    /// <param name="key">The job.</param>
    /// <param name="directory">Its directory, or that of the standby clone that it took.</param>
    /// <param name="service">One of its names.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="DriverException">There is no such service, or no guest to enter.</exception>
    public async Task<IReadOnlyList<string>> LinesOfAsync(JobKey key, JobDirectory directory, string service, CancellationToken cancellationToken)
    {
        var (record, access) = GuestOfJob.Of(directory);
        var services = ServicesOf(key, record);
        await EnsureRunsAsync(key, record, cancellationToken);
        var text = services.LastLines(access.User, service);
        var answer = await BesideAsync(key, record, access, way => machine.GuestShell.RunCommandAsync(way, text, input: null, cancellationToken), cancellationToken);
        return [.. answer.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => PlainText.OneLine(line, LongestLine))];
    }

    private static ServicesRecord ServicesOf(JobKey key, JobRecord record) => record.Services ?? throw new SystemFailureException(
        ErrorCodes.ServiceUnknown,
        record.ServiceVms.Count == 0 ? $"job {key} has no services" : $"job {key} has no services but VMs",
        record.ServiceVms.Count == 0 ? "See its job log." : $"Give one of: {string.Join(", ", record.ServiceVms.SelectMany(vm => vm.Names))}.");

    private async Task<T> BesideAsync<T>(JobKey key, JobRecord record, GuestAccess access, Func<GuestAccess, Task<T>> use, CancellationToken cancellationToken)
    {
        var beside = access.Beside(Environment.ProcessId);
        var way = await machine.GuestShell.ConnectBesideAsync(access, beside, ConnectLimit, token => EnsureRunsAsync(key, record, token), cancellationToken);
        try
        {
            return await use(way);
        }
        finally
        {
            // The kept connection stays open for the job.
            await machine.GuestShell.CloseAsync(beside, CancellationToken.None);
        }
    }

    private async Task EnsureRunsAsync(JobKey key, JobRecord record, CancellationToken cancellationToken)
    {
        if (record.Stopped is { } stopped)
        {
            throw new SystemFailureException(ErrorCodes.JobNotRunning, $"job {key} has no VM any more: {stopped.Message}", $"See 'vm-executor logs {key}'.");
        }

        var state = (await machine.Hypervisors.At(record.LibvirtUri).FindStatusAsync(record.Domain, cancellationToken))?.State;
        if (state is not (DomainState.Running or DomainState.Blocked))
        {
            throw new SystemFailureException(
                ErrorCodes.JobNotRunning,
                $"the VM of job {key} is {state?.ToString().ToLowerInvariant() ?? "gone"}",
                $"See 'vm-executor logs {key}' for its last words.");
        }
    }
}
