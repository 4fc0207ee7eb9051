using FluentAssertions;
using VmExecutor.Core.Clones;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using Xunit;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>
/// Each call that filling, taking and draining make, times what can happen there, times what comes next: no clone is lost, none is there twice, and none
/// that a job touched waits for another one.
/// </summary>
public sealed class StandbyMatrixTests
{
    private const int Wanted = 1;
    private static readonly bool IsThorough = Environment.GetEnvironmentVariable("VM_EXECUTOR_TEST_THOROUGH") == "true";

    /// <summary>The actions after a fault.</summary>
    public enum Then
    {
        /// <summary>gc comes, and then a fill.</summary>
        Collection,

        /// <summary>The next fill comes first.</summary>
        Fill,

        /// <summary>A job comes first, and takes a clone if one waits.</summary>
        Job,

        /// <summary>All that wait are removed.</summary>
        Drain,
    }

    public static TheoryData<int, string, bool, Fault, Then> Filling { get; } = Rows(PublishedAsync, world => world.FillAsync());

    public static TheoryData<int, string, bool, Fault, Then> WarmFilling { get; } = Rows(WarmAsync, world => world.FillAsync(), Then.Fill, Then.Job);

    public static TheoryData<int, string, bool, Fault, Then> Taking { get; } = Rows(FilledAsync, world => world.PrepareAsync());

    public static TheoryData<int, string, bool, Fault, Then> Draining { get; } = Rows(FilledAsync, world => world.DrainAsync());

    /// <summary>A job that has no room until the clone that waits is removed.</summary>
    public static TheoryData<int, string, bool, Fault, Then> MakingRoom { get; } = Rows(FullAsync, world => world.PrepareAsync(), Then.Fill, Then.Job);

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Filling))]
    public Task A_fill_leaves_whole_clones_or_none(int number, string call, bool after, Fault fault, Then then) =>
        PlayAsync(PublishedAsync, (world, token) => world.FillAsync(cancellationToken: token), number, call, after, fault, then);

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(WarmFilling))]
    public Task A_fill_from_a_template_leaves_whole_clones_or_none(int number, string call, bool after, Fault fault, Then then) =>
        PlayAsync(WarmAsync, (world, token) => world.FillAsync(cancellationToken: token), number, call, after, fault, then);

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Taking))]
    public Task A_prepare_that_takes_a_clone_leaves_it_untouched_or_has_it(int number, string call, bool after, Fault fault, Then then) =>
        PlayAsync(FilledAsync, (world, token) => world.PrepareAsync(token), number, call, after, fault, then);

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Draining))]
    public Task A_drain_leaves_whole_clones_or_none(int number, string call, bool after, Fault fault, Then then) =>
        PlayAsync(FilledAsync, (world, token) => world.DrainAsync(token), number, call, after, fault, then);

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(MakingRoom))]
    public Task A_prepare_that_needs_the_room_of_a_clone_leaves_it_whole_or_removes_it(int number, string call, bool after, Fault fault, Then then) =>
        PlayAsync(FullAsync, (world, token) => world.PrepareAsync(token), number, call, after, fault, then);

    [Fact]
    public void The_matrix_has_the_calls_that_matter()
    {
        Filling.Select(row => row.Data.Item2).Should().Contain(["create", "open", "command", "close", "connect", "pause"]);
        WarmFilling.Select(row => row.Data.Item2).Should().Contain("machine");
        Taking.Select(row => row.Data.Item2).Should().Contain(["metadata", "resume", "command"]).And.NotContain("create", "the clone is there");
        Draining.Select(row => row.Data.Item2).Should().Contain("destroy");
        MakingRoom.Select(row => row.Data.Item2).Should().Contain(["destroy", "create"]);
    }

    private static TheoryData<int, string, bool, Fault, Then> Rows(Func<StageWorld, Task> arrange, Func<StageWorld, Task> act, params Then[] thens)
    {
        var rows = new TheoryData<int, string, bool, Fault, Then>();
        foreach (var row in FaultMatrix.Rows(FaultMatrix.Record(arrange, act), Aftermath.Cleanup).Select(row => row.Data))
        {
            // A kill is tried at each point in every run, also between a call and the next one's beginning, where files are changed.
            var (number, call, after, fault, _) = row;
            var all = thens.Length > 0 ? thens : Enum.GetValues<Then>();
            if (IsThorough)
            {
                all.ToList().ForEach(then => rows.Add(number, call, after, fault, then));
            }
            else if (fault == Fault.Killed || (after == (number % 2 == 0) && (int)fault == number % 3))
            {
                rows.Add(number, call, after, fault, all[(number + (int)fault + (after ? 1 : 0)) % all.Length]);
            }
        }

        return rows;
    }

    private static async Task PublishedAsync(StageWorld world)
    {
        world.Standby = new StandbySettings { Count = Wanted };
        await world.PublishAsync();
    }

    private static async Task WarmAsync(StageWorld world)
    {
        world.Standby = new StandbySettings { Count = Wanted };
        await world.PublishAsync(isWarm: true);
    }

    private static async Task FilledAsync(StageWorld world)
    {
        await PublishedAsync(world);
        (await world.FillAsync()).Should().BeTrue();
    }

    private static async Task FullAsync(StageWorld world)
    {
        await FilledAsync(world);
        world.Limits = new LimitSettings { MaxVms = 1 };
        world.Standby = world.Standby with { MaxAge = TimeSpan.FromTicks(1) };
    }

    private static async Task PlayAsync(
        Func<StageWorld, Task> arrange, Func<StageWorld, CancellationToken, Task> act, int number, string call, bool after, Fault fault, Then then)
    {
        using var world = new StageWorld();
        await arrange(world);
        using var happens = new FaultAt(number, after, fault);
        world.Gate = happens.PassAsync;

        var acting = act(world, happens.Signal);
        await Task.WhenAny(acting, fault == Fault.Killed ? happens.Reached : Task.Delay(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken));

        happens.Call.Should().StartWith(call.Split(' ')[0], "the calls come in the same order each time");
        if (fault == Fault.Killed)
        {
            acting.IsCompleted.Should().BeFalse();
        }
        else
        {
            await EndAsync(acting);
        }

        world.Bury();
        world.Gate = null;
        world.Limits = new LimitSettings();
        world.Standby = new StandbySettings { Count = Wanted };

        // One that was being removed may have lost its VM before its files: the next look finds that.
        world.Faults().Where(found => !found.EndsWith("has no VM", StringComparison.Ordinal)).Should().BeEmpty("each clone that waits is whole and untouched");
        await ThenAsync(world, then);
        await world.CleanupAsync();
        await world.FillAsync();
        world.Waiting.Should().HaveCount(Wanted, "none is lost, and none is there twice");
        world.Faults().Should().BeEmpty();
        world.Hypervisor.Domains.Keys.Where(name => name.StartsWith("vmx-", StringComparison.Ordinal)).Should().BeEquivalentTo(world.Waiting.Select(clone => clone.Record.Domain), "nothing else is left");
        await world.DrainAsync();
        Gone(world);
    }

    private static async Task ThenAsync(StageWorld world, Then then)
    {
        switch (then)
        {
            case Then.Collection:
                if (Directory.Exists(world.TemporaryDirectory))
                {
                    world.DeleteTemporaryDirectory();
                }

                (await world.CollectAsync()).Failed.Should().BeFalse();
                world.Hypervisor.Domains.Keys.Where(name => name.StartsWith("vmx-", StringComparison.Ordinal)).Should().BeEquivalentTo(world.Waiting.Select(clone => clone.Record.Domain));
                Directory.CreateDirectory(world.TemporaryDirectory);
                break;
            case Then.Fill:
                await world.FillAsync();
                world.Faults().Should().BeEmpty();
                world.Hypervisor.Domains.Where(domain => domain.Key.StartsWith("vmx-standby-", StringComparison.Ordinal)).Select(domain => domain.Key)
                    .Except(world.Taken).Should().BeEquivalentTo(world.Waiting.Select(clone => clone.Record.Domain), "a fill that was killed has left nothing that runs");
                break;
            case Then.Drain:
                await world.DrainAsync();
                world.Waiting.Should().BeEmpty();
                break;
            default:
                await JobAsync(world);
                break;
        }
    }

    /// <summary>Another job gets a clone that no job had, or starts one.</summary>
    private static async Task JobAsync(StageWorld world)
    {
        var other = new Core.Jobs.JobKey("https://gitlab.example.com", "abc", 2);
        world.Keys.Add(other);
        var waiting = world.Waiting.Select(clone => clone.Record.Domain).Where(world.Hypervisor.Domains.ContainsKey).ToList();
        await world.PrepareAsync(other, CancellationToken.None);
        var link = new DirectoryInfo(JobPaths.Taken(world.StateDir).Child(other.Value).Value).LinkTarget;
        if (waiting.Count > 0)
        {
            link.Should().EndWith(waiting[0]["vmx-".Length..], "the clone that waited was whole, so the job has it");
        }
        else
        {
            link.Should().BeNull();
        }

        await world.CleanupAsync(other, CancellationToken.None);
    }

    private static void Gone(StageWorld world)
    {
        world.Left().Should().BeEmpty();
        var taken = JobPaths.Taken(world.StateDir).Value;
        (Directory.Exists(taken) ? Directory.GetFileSystemEntries(taken) : []).Should().BeEmpty();
    }

    private static async Task EndAsync(Task acting)
    {
        try
        {
            await acting;
        }
        catch (Exception e)
        {
            e.Should().Match(thrown => thrown is DriverException || thrown is OperationCanceledException);
        }
    }
}
