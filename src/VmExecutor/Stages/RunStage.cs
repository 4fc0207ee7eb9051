using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Keeping;
using VmExecutor.Core.Services;
using VmExecutor.Core.Usage;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Egress;
using VmExecutor.Host.Files;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Locks;
using VmExecutor.Keeping;
using VmExecutor.Observing;
using VmExecutor.Starting;

namespace VmExecutor.Stages;

/// <summary>Runs one script in the job's guest: its output is the job log's, its exit is a value.</summary>
/// <param name="machine">The machine.</param>
/// <param name="environment">The variables that the runner set for this process.</param>
/// <param name="report">The stage's line in the operator's log.</param>
/// <param name="output">Takes the script's stdout.</param>
/// <param name="error">Takes the script's stderr.</param>
internal sealed class RunStage(Machine machine, StageEnvironment environment, StageReport report, Stream output, Stream error)
{
    /// <summary>The last sub-stage whose output is in the job log; nearly every job has it (docs/runner-contract.md).</summary>
    private const string LastSubStage = "cleanup_file_variables";

    private static readonly TimeSpan LookAfterLoss = TimeSpan.FromSeconds(10);

    /// <summary>From the job's record to the script's exit, with what is noted and said of it.</summary>
    /// <param name="job">The job.</param>
    /// <param name="script">The runner's file.</param>
    /// <param name="subStage">The sub-stage.</param>
    /// <param name="log">Takes warnings and offers.</param>
    /// <param name="story">Takes what the VM has used, where prepare's lines went.</param>
    /// <param name="cancellationToken">Ends the script's processes in the guest; the VM lives.</param>
    /// <exception cref="SystemFailureException">The guest is lost, was never prepared, cannot run scripts, or was stopped for want of disk or memory.</exception>
    /// <exception cref="BuildFailureException">The guest was stopped since the job wrote more than its image allows.</exception>
    /// <exception cref="ToldFailureException">An earlier sub-stage has told the same failure.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<ScriptExit> RunAsync(Job job, AbsolutePath script, string subStage, JobLog log, JobLog story, CancellationToken cancellationToken)
    {
        var run = new JobRun(job.Key, machine, log);
        report.Add(line => line with { SubStage = ScriptRecord.Name(subStage) });
        var keeping = new ScriptKeeping(machine.Settings, environment, machine.Time);
        var started = machine.Time.GetTimestamp();
        ScriptRun ended;
        try
        {
            keeping.Save(run.Directory, subStage, script, log);
            ended = await RunScriptAsync(run, script, subStage, cancellationToken);
        }
        catch (DriverException e)
        {
            var told = ToldFailures.By(run.Directory, e.Code);
            Note(run, subStage, started, exitCode: null, e.Code.ToString());
            if (told is not null)
            {
                throw new ToldFailureException(e, told);
            }

            throw;
        }
        catch (OperationCanceledException)
        {
            Note(run, subStage, started, exitCode: null, "cancelled");
            throw;
        }

        var exit = ended.Exit;
        Note(run, subStage, started, exit.ExitCode, failure: null, BelievablePeak(run, ended));
        report.AddExit(exit);
        keeping.SayOf(job.Key, subStage, exit, log);
        if (!exit.Succeeded && KeepRule.DecidesTheJob(subStage))
        {
            await new KeepOffer(machine).MakeAsync(run, subStage);
        }

        if (subStage == LastSubStage)
        {
            TellUsage(run, story);
        }

        return exit;
    }

    /// <summary>The scripts that are the job's author's: only their memory is of interest to people, and the runner's own ones are not to take longer.</summary>
    private static bool IsAuthors(string subStage) => KeepRule.DecidesTheJob(subStage) || subStage == "after_script";

    /// <summary>Notes a script for the ledger: its name, time and end. By these notes a failure of the VM is reported once.</summary>
    private void Note(JobRun run, string subStage, long started, int? exitCode, string? failure, long? guestPeak = null) => run.Directory.Note(
        new ScriptRecord(ScriptRecord.Name(subStage), Math.Round(machine.Time.GetElapsedTime(started).TotalSeconds, 3), exitCode, failure) { GuestPeakBytes = guestPeak });

    /// <summary>A guest that says it used more than it has says nothing.</summary>
    private static long? BelievablePeak(JobRun run, ScriptRun ended) =>
        ended.GuestPeakBytes is { } peak && run.Record?.Claim is { } claim && peak <= claim.MemoryBytes ? peak : null;

    private void TellUsage(JobRun run, JobLog story)
    {
        try
        {
            var usage = UsageMeter.Read(run.Key, run.Directory, machine.Processes);
            if (usage.ToSentence() is { } sentence)
            {
                story.Say(sentence);
            }

            if (run.Record is { } record && SizeHint.Of(usage, record) is { } hint)
            {
                story.Say(hint);
            }
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            // A host without a readable /proc: the job log knows less.
        }
    }

    private async Task<ScriptRun> RunScriptAsync(JobRun run, AbsolutePath script, string subStage, CancellationToken cancellationToken)
    {
        var (directory, log) = (run.Directory, run.Log);
        var (record, access) = GuestOfJob.Of(directory);
        if (record.Stopped is { } stopped)
        {
            throw stopped.ToFailure();
        }

        foreach (var changed in BaseFingerprints.Changed(record.Bases))
        {
            log.Warn($"the base disk {changed} was changed since this VM was made: what the guest reads from it may be broken. A base must not be changed while VMs stand on it.");
        }

        await using var proxy = record.Egress is { ByProxy: true } proxied ? ProxyOf(proxied, directory) : null;
        var egress = JobEgress.AllOf(machine, directory, record, proxy);
        await JobEgress.EnsureAsync(egress, log, cancellationToken);

        var hypervisor = machine.Hypervisors.At(record.LibvirtUri);
        using var running = TryTakeScript(run.Key);
        var disks = new DiskWatch(directory, record, machine.Settings.Limits.DiskWatermark, new DomainStopper(hypervisor, machine.Time), machine.Locks, machine.Time);
        var memory = MemoryWatchOf(directory, record);
        var watch = new DomainWatch(hypervisor, run.Key.Domain.Value, directory.Paths.Console, machine.Time);
        try
        {
            await disks.EnsureRoomAsync(log.Warn);
            var text = new GuestScript(ScriptRecord.Name(subStage), Read(script))
            {
                Proxy = proxy is null ? null : new ScriptProxy(JobFiles.EgressSocket.Name, DirectNames(record)),
                MeasuresMemory = IsAuthors(subStage),
            };
            var exit = await RunAsync(access, text, token => WatchAsync(watch, disks, memory, log, token), log, cancellationToken);
            return (disks.Stopping ?? memory?.Stopping) is { } stopping ? throw await stopping : exit;
        }
        catch (Exception) when ((disks.Stopping ?? memory?.Stopping) is not null)
        {
            // Whatever the script, its connection and the watch over the VM say then: this is why.
            throw await (disks.Stopping ?? memory!.Stopping!);
        }
        catch (Exception e) when (e is not OperationCanceledException && directory.Read()?.Stopped is { } since)
        {
            throw since.ToFailure();
        }
        catch (GuestConnectionLostException)
        {
            // A VM that is gone explains a lost connection better than the connection does.
            var look = await LookAsync(watch, run.Key.Domain, cancellationToken);
            watch.EnsureNoPanic();
            if (ToldFailures.By(directory, ErrorCodes.GuestConnectionLost) is null)
            {
                log.Say(look);
                log.ShowConsole(ConsoleTail.Read(directory.Paths.Console));
            }

            throw;
        }
        finally
        {
            await JobEgress.TellAsync(egress, log, cancellationToken);
            if (record.Services is { ShowLogs: true } services && !cancellationToken.IsCancellationRequested)
            {
                await new ServiceLogs(machine.GuestShell).ShowAsync(services, access, log);
            }
        }
    }

    private EgressProxy ProxyOf(EgressRecord record, JobDirectory directory) => EgressProxy.Start(
        directory.Paths.EgressSocket, new ProxyRules(record.ToPolicy(), EgressProxy.ClosedOnHost(machine.Settings.Firewall)), new ProxyLimits(), machine.Time);

    /// <summary>The job's services are in its guest, or on a network of its own.</summary>
    private static IReadOnlyList<string> DirectNames(JobRecord record) =>
        [.. (record.Services?.Names ?? []).SelectMany(names => names), .. record.ServiceVms.SelectMany(service => service.Names), .. record.ServiceVms.Take(1).Select(_ => ServiceNetwork.Cidr)];

    private KernelLock? TryTakeScript(JobKey key)
    {
        try
        {
            return machine.Locks.TryTakeScript(key);
        }
        catch (HostFileException)
        {
            // Without it the others do not see that this job is watched. That is no reason to fail a script.
            return null;
        }
    }

    private async Task<ScriptRun> RunAsync(
        GuestAccess access, GuestScript script, Func<CancellationToken, Task> look, JobLog log, CancellationToken cancellationToken)
    {
        var run = await machine.GuestShell.RunScriptAsync(access, script, output, error, look, cancellationToken);
        if (run.OutputMayBeCut)
        {
            log.Warn("the connection to the guest was lost just when the script ended: the end of its output may be missing");
        }

        return run;
    }

    /// <summary>Null: the host keeps as much memory for VMs as they have.</summary>
    private MemoryWatch? MemoryWatchOf(JobDirectory directory, JobRecord record)
    {
        var limits = machine.Settings.Limits;
        return limits.Reserve != ReserveMode.Learned && record.Claim?.LearnedBytes is null ? null : new MemoryWatch(
            new MemoryRoom(directory, record, limits.MemoryWatermark, machine.Locks, machine.Processes),
            (directory, record),
            new DomainStopper(machine.Hypervisors.At(record.LibvirtUri), machine.Time),
            machine.StandbyKeeper.GiveUpOneAsync,
            machine.Locks,
            machine.Time);
    }

    /// <summary>Runs all watches, until the first of them ends with a failure.</summary>
    private static async Task WatchAsync(DomainWatch watch, DiskWatch disks, MemoryWatch? memory, JobLog log, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await await Task.WhenAny([watch.WatchAsync(log.Warn, over.Token), disks.WatchAsync(log.Warn, over.Token), .. memory is null ? (Task[])[] : [memory.WatchAsync(log.Warn, over.Token)]]);
        }
        finally
        {
            await over.CancelAsync();
        }
    }

    /// <summary>A sentence about the VM of a lost connection.</summary>
    /// <exception cref="GuestDiedException">It is dead.</exception>
    private async Task<string> LookAsync(DomainWatch watch, DomainName domain, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(LookAfterLoss, machine.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            await watch.EnsureAliveAsync(stop.Token);
            return $"VM {domain} is still running.";
        }
        catch (HypervisorException trouble)
        {
            return $"Whether VM {domain} is still running is not known: {trouble.Message}";
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return $"Whether VM {domain} is still running is not known: libvirt did not answer within {DurationText.Format(LookAfterLoss)}";
        }
    }

    private static byte[] Read(AbsolutePath script)
    {
        try
        {
            return HostFile.ReadAllBytes(script.Value, RunnerScript.LongestBytes);
        }
        catch (Exception e) when (HostFileException.Explains(e))
        {
            throw new SystemFailureException(
                ErrorCodes.RunnerEnvironmentMissing,
                $"the script {script} cannot be read: {HostFileException.ReasonOf(e)}",
                "The runner names it as the first argument of the run stage; see whether its temporary directory was cleaned.",
                e);
        }
    }
}
