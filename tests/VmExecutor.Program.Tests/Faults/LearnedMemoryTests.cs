using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Usage;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Observing;
using Xunit;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>The memory that is kept for a job's VM by what its earlier runs took, on each rung of the ladder.</summary>
public sealed class LearnedMemoryTests : IDisposable
{
    private const long Mebibyte = 1 << 20;
    private const long VmBytes = 1024 * Mebibyte;

    private readonly StageWorld _world = new() { Limits = new LimitSettings { Reserve = ReserveMode.Learned, ReserveFloor = new(1), MemoryHeadroom = new(1), DiskHeadroom = new(1) } };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _world.Dispose();

    [Theory(Timeout = 60_000)]
    [InlineData(ReserveMode.Learned, 500L)]
    [InlineData(ReserveMode.Declared, null)]
    public async Task A_job_that_boots_has_what_its_booted_runs_took_kept_and_a_quarter_more(ReserveMode mode, long? kept)
    {
        _world.Limits = _world.Limits with { Reserve = mode };
        await RanAsync("cold", 400);
        await RanAsync("warm", 100);

        await _world.PrepareAsync(Token);

        ShouldKeep(kept);
        _world.Log.ToString().Contains("capacity: 500MiB of the host's memory are kept for the VM, by what earlier runs of the job took", StringComparison.Ordinal).Should().Be(kept is not null);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_wakes_up_has_what_its_woken_runs_took_kept()
    {
        await _world.WarmAsync();
        await RanAsync("cold", 400);
        await RanAsync("warm", 100);

        await _world.PrepareAsync(Token);

        _world.JobDirectory.Read()!.Start.Should().Be("warm");
        ShouldKeep(125);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(400L, 500L)]
    [InlineData(null, null)]
    public async Task A_job_that_was_to_wake_up_and_boots_has_what_its_booted_runs_took_kept_after_all(long? booted, long? kept)
    {
        await _world.WarmAsync();
        _world.Sizes = new SizeSettings { MaxCpus = 4 };
        _world.Wanted = new RequestedSizes { Cpus = "4" };
        await RanAsync("warm", 100);
        if (booted is { } mebibytes)
        {
            await RanAsync("cold", mebibytes);
        }

        await _world.PrepareAsync(Token);

        _world.JobDirectory.Read()!.Start.Should().Be("cold");
        _world.Log.ToString().Should().Contain("capacity: 125MiB of the host's memory are kept");
        ShouldKeep(kept);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_clone_that_waits_has_its_whole_size_kept_until_a_job_takes_it()
    {
        _world.Standby = new StandbySettings { Count = 1 };
        await _world.PublishAsync(isWarm: true);
        await RanAsync("standby", 100, madeAs: "warm");
        (await _world.FillAsync(cancellationToken: Token)).Should().BeTrue();
        var waiting = _world.Waiting.Single();
        waiting.Record.Claim!.ReservedBytes.Should().Be(VmBytes);

        await _world.PrepareAsync(Token);

        var record = JobDirectory.Of(_world.StateDir, waiting.Key).Read()!;
        (record.IsStandby, record.Start, record.Claim!.LearnedBytes).Should().Be((false, "standby", 125 * Mebibyte));
    }

    /// <summary>The job has run five times.</summary>
    private async Task RanAsync(string start, long mebibytes, string? madeAs = null)
    {
        using var locks = new StateLocks(_world.StateDir, TimeProvider.System);
        for (var run = 0; run < LearnedNeeds.FewestRuns; run++)
        {
            await new LedgerFile(_world.StateDir, locks).AppendAsync(
                new LedgerEntry
                {
                    Job = $"abc-{run}-ffffff",
                    JobName = StageWorld.JobName,
                    Project = "group/project",
                    Image = "base",
                    Start = start,
                    StandbyMadeAs = madeAs,
                    Result = "success",
                    RemovedBy = "cleanup",
                    Removed = DateTimeOffset.UtcNow,
                    CleanupSeconds = 1,
                    MemoryBytes = VmBytes,
                    HostMemoryBytes = mebibytes * Mebibyte,
                    RemovedParts = [],
                },
                Token);
        }
    }

    private void ShouldKeep(long? mebibytes)
    {
        var claim = _world.JobDirectory.Read()!.Claim!;
        (claim.MemoryBytes, claim.LearnedBytes).Should().Be((VmBytes, mebibytes * Mebibyte));
    }
}
