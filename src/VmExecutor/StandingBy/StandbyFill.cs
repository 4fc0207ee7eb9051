using System.Security.Cryptography;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;

using VmExecutor.Core.Images;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Standby;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Disks;
using VmExecutor.Host.Files;
using VmExecutor.Host.Guests.Preparation;
using VmExecutor.Host.Processes;
using VmExecutor.Observing;
using VmExecutor.Starting;

namespace VmExecutor.StandingBy;

/// <summary>
/// Makes the clones that are wanted and missing, one at a time, and removes those that no job would get. No job waits for it: it takes only
/// room that is free. The caller holds the right to make standby clones.
/// </summary>
/// <param name="machine">The machine.</param>
/// <param name="look">Looks at what is wanted and there.</param>
/// <param name="log">Told what was made, and what not and why.</param>
/// <param name="last">The report of the last fill; null: there was none.</param>
/// <param name="isByHand">True: a person asks for this image, so no earlier failure makes it pause.</param>
/// <param name="progress">Told what is made, how many of them are there, and how many are wanted; null: that is of no use.</param>
internal sealed class StandbyFill(Machine machine, StandbyLook look, JobLog log, StandbyReport? last = null, bool isByHand = false, Action<string, int, int>? progress = null)
{
    private const int SeedBytes = 64;
    private static readonly TimeSpan RemovalLimit = TimeSpan.FromSeconds(60);

    /// <summary>The longest that making one may take; then it is a leftover.</summary>
    private static readonly TimeSpan MakingTakes = TimeSpan.FromHours(1);

    /// <summary>From then on gc removes it; until then a fill does, which says why.</summary>
    private static readonly TimeSpan LeftoverAfter = TimeSpan.FromMinutes(10);

    private bool _wasStarted;

    /// <summary>Everything that was ever counted.</summary>
    public SortedDictionary<string, double> Totals { get; } = last?.Totals ?? new SortedDictionary<string, double>(StringComparer.Ordinal);

    /// <param name="need">What is wanted.</param>
    /// <param name="cancellationToken">Ends it; what was being made is removed.</param>
    public async Task<StandbyLine> RunAsync(StandbyNeed need, CancellationToken cancellationToken)
    {
        var generation = look.GenerationOf(need.Image);
        if (generation is null)
        {
            return need.Line(null, 0, StandbyLook.NeverPublished(need.Image.Name));
        }

        var known = last?.LineOf(need);
        var line = need.Line(null, 0, seconds: known?.Seconds) with { Failures = isByHand ? null : known?.Failures };
        need.CountMade(Totals, null);
        _wasStarted = false;
        StandbyFitness? fitness = null;
        var tried = "";
        try
        {
            fitness = await look.FitnessAsync(need, generation, cancellationToken);
            tried = look.TrialOf(need, fitness);
            line = line with { Size = fitness.Shape.Size };
            while ((line = line with { There = machine.Standby.Fit(fitness).Count }).There < need.Count)
            {
                if (line.Failures is { } failures && failures.PausesAt(machine.Time.GetUtcNow(), tried))
                {
                    var why = failures.Text(need.Image.Name, machine.Time.GetUtcNow());
                    log.Say($"image '{need.Image.Name}': {line.There} of {Quantity.Of(need.Count, "clone")} of {fitness.Shape.Size} wait; {why}");
                    return line with { Why = failures.Why };
                }

                progress?.Invoke($"image '{need.Image.Name}': making clones of {fitness.Shape.Size}", line.There, need.Count);
                if (await MakeAsync(need, fitness, cancellationToken) is not { } took)
                {
                    log.Say($"image '{need.Image.Name}': {line.There} of {Quantity.Of(need.Count, "clone")} of {fitness.Shape.Size} wait; the host has no room for more now");
                    return line with { Why = "the host has no room for more, or jobs wait for it" };
                }

                need.CountMade(Totals, took);
                line = line with { Seconds = took, Failures = null };
            }

            return line;
        }
        catch (Exception e) when (e is DriverException or TimeoutException || HostFileException.Explains(e))
        {
            // Other images can be well.
            log.Warn($"image '{need.Image.Name}': no further clone can wait: {e.Message}{(e is DriverException { Hint: { Length: > 0 } hint } ? $". {hint}" : "")}");
            line = line with { There = fitness is null ? 0 : machine.Standby.Fit(fitness).Count, Why = e.Message };
            return _wasStarted ? Failed(need, line, tried) : line;
        }
    }

    /// <summary>Counts a failure. One from before its VM was started has cost the host nothing, and makes no later fill pause.</summary>
    private StandbyLine Failed(StandbyNeed need, StandbyLine line, string tried)
    {
        need.CountFailed(Totals);
        var failures = StandbyFailures.After(line.Failures, tried, machine.Time.GetUtcNow(), line.Why!);
        if (failures.Until is not null)
        {
            log.Warn($"image '{need.Image.Name}': {failures.Text(need.Image.Name, machine.Time.GetUtcNow())}");
        }

        return line with { Failures = failures };
    }

    /// <returns>Seconds; null: there is no room for it, or a job waits.</returns>
    private async Task<double?> MakeAsync(StandbyNeed need, StandbyFitness fitness, CancellationToken cancellationToken)
    {
        var plan = Plan(machine, need, fitness.Generation);
        var run = new JobRun(plan.Job.Key, machine, log);
        using var held = machine.Locks.TryTake(run.Key);
        var started = machine.Time.GetTimestamp();
        var isMade = false;
        try
        {
            if (await CloneStart.WithoutJob(machine).TryAheadAsync(plan, Stamp(machine, plan), run, cancellationToken) is { } basis)
            {
                await SetAsideAsync(basis, fitness, run, cancellationToken);
                isMade = true;
                log.Say($"image '{need.Image.Name}': VM {plan.Domain} waits for a job, after {run.Times.With(run.Record?.Standby?.MadeAs ?? "cold")}");
            }
        }
        finally
        {
            if (!isMade)
            {
                // Its bases are written down just before the start.
                _wasStarted = run.Directory.Read() is { Bases.Count: > 0 };
                await RemoveAsync(run);
            }
        }

        return isMade ? Math.Round(machine.Time.GetElapsedTime(started).TotalSeconds, 3) : null;
    }

    /// <summary>
    /// The random numbers that the kept connection's keys come from are the clone's own before it is opened: the first connection to a guest that
    /// woke up carried the seed. All that is done again when a job takes the clone is done now too, so that a guest in which it fails never waits for one.
    /// </summary>
    private async Task SetAsideAsync(CloneBasis basis, StandbyFitness fitness, JobRun run, CancellationToken cancellationToken)
    {
        var plan = basis.Plan;
        var access = GuestOfJob.Access(run.Key, plan.Paths, run.Record);
        var identity = new IdentityChanger(machine.GuestShell, machine.Time);
        await identity.ChangeAsync(access, IdentityChanger.NamesOnly(plan.Domain.Value, RandomNumberGenerator.GetBytes(SeedBytes)), cancellationToken);
        await machine.GuestShell.CloseAsync(access, cancellationToken);
        await machine.GuestShell.ConnectAsync(access, plan.Image.Timeouts.Ssh, _ => Task.CompletedTask, cancellationToken);
        var client = await LeaveAsync(identity, access, plan.Image.Timeouts.Ssh, cancellationToken);
        run.Times.Ended("aside");

        var master = await machine.StandbyKeeper.HaltAsync(run.Record!, plan.Paths, cancellationToken)
            ?? throw new TimeoutException($"the ssh connection to VM {plan.Domain} was lost as soon as it was made");
        var made = HostClock.Now();
        var now = machine.Time.GetUtcNow();
        var overlays = run.Directory.Overlays().Select(name => BaseFingerprints.Of(plan.Paths.Directory.Child(name))).OfType<BaseFingerprint>().ToList();
        await run.UpdateAsync(
            record => record with
            {
                Stamp = record.Stamp with { Made = made, Created = now, Expires = now + plan.Image.Standby.MaxAge + LeftoverAfter },
                Standby = new StandbyRecord(fitness.Shape.Fingerprint, fitness.Shape.Size, record.Start ?? "cold", now, made.SinceBoot) { Master = master, Client = client, Overlays = overlays },
            },
            cancellationToken);
    }

    /// <summary>Null: a job that takes the clone starts the command then.</summary>
    private async Task<RunnerProcess?> LeaveAsync(IdentityChanger identity, GuestAccess access, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(limit, machine.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            return await identity.LeaveAsync(access, stop.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    internal static OwnershipStamp Stamp(Machine machine, ClonePlan plan) => plan.Stamp(ProcessTable.Self(), null, HostClock.Now(), machine.Time.GetUtcNow());

    /// <summary>The plan of a clone as a job of that size would have it.</summary>
    internal static ClonePlan Plan(Machine machine, StandbyNeed need, Generation generation)
    {
        var number = RandomNumberGenerator.GetInt32(100_000_000, int.MaxValue);
        var job = new Job
        {
            Key = StandbyKey.Of(number),
            Id = number,
            Server = StandbyKey.Server,
            Image = need.Image.Name.Value,
            Timeout = MakingTakes,
            Sizes = need.Sizes,
        };
        return new ClonePlan { Job = job, Image = need.Image, Paths = JobPaths.For(machine.StateDir, job.Key), CardSeed = GuestOfJob.NewCardSeed(), Generation = generation, IsAhead = true, HasSparePort = machine.Settings.HasServiceImages() };
    }

    private async Task RemoveAsync(JobRun run)
    {
        using var deadline = new CancellationTokenSource(RemovalLimit, machine.Time);
        try
        {
            await machine.RemoverAt(uri: null).RemoveAsync(run.Key, run.Directory, grace: null, log.Say, hurry: new CancellationToken(canceled: true), deadline.Token);
        }
        catch (CleanupException e)
        {
            log.Warn($"{e.Message}. What is left goes with '{DriverVersion.Name} gc'.");
        }
    }
}
