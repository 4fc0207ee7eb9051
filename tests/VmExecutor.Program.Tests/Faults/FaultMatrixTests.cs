using FluentAssertions;
using VmExecutor.Core.Failures;
using Xunit;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>
/// Each call that prepare, cleanup and gc make, times what can happen there, times what comes next: nothing is left. The same is
/// done to real VMs, sampled, in the end-to-end tests.
/// </summary>
public sealed class FaultMatrixTests
{
    private static readonly Func<StageWorld, Task> Nothing = _ => Task.CompletedTask;
    private static readonly Func<StageWorld, Task> Warmed = world => world.WarmAsync();
    private static readonly Func<StageWorld, Task> Prepared = world => world.PrepareAsync();

    public static TheoryData<int, string, bool, Fault, Aftermath> Prepare { get; } =
        FaultMatrix.Rows(FaultMatrix.Record(Nothing, world => world.PrepareAsync()), Enum.GetValues<Aftermath>());

    public static TheoryData<int, string, bool, Fault, Aftermath> WarmPrepare { get; } =
        FaultMatrix.Rows(FaultMatrix.Record(Warmed, world => world.PrepareAsync()), Aftermath.Cleanup, Aftermath.Collection);

    public static TheoryData<int, string, bool, Fault, Aftermath> Cleanup { get; } =
        FaultMatrix.Rows(FaultMatrix.Record(Prepared, world => world.CleanupAsync()), Aftermath.Cleanup, Aftermath.Collection);

    public static TheoryData<int, string, bool, Fault, Aftermath> Collection { get; } =
        FaultMatrix.Rows(FaultMatrix.Record(Abandoned, world => world.CollectAsync()), Aftermath.Collection);

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Prepare))]
    public Task A_prepare_leaves_nothing(int number, string call, bool after, Fault fault, Aftermath aftermath) =>
        PlayAsync(Nothing, (world, token) => world.PrepareAsync(token), number, call, after, fault, aftermath, undoesItself: true);

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(WarmPrepare))]
    public Task A_warm_prepare_leaves_nothing(int number, string call, bool after, Fault fault, Aftermath aftermath) =>
        PlayAsync(Warmed, (world, token) => world.PrepareAsync(token), number, call, after, fault, aftermath, undoesItself: true);

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Cleanup))]
    public Task A_cleanup_leaves_nothing(int number, string call, bool after, Fault fault, Aftermath aftermath) =>
        PlayAsync(Prepared, (world, token) => world.CleanupAsync(token), number, call, after, fault, aftermath);

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Collection))]
    public Task A_collection_leaves_nothing(int number, string call, bool after, Fault fault, Aftermath aftermath) =>
        PlayAsync(Abandoned, (world, token) => world.CollectAsync(cancellationToken: token), number, call, after, fault, aftermath);

    [Fact]
    public void The_matrix_has_hundreds_of_rows()
    {
        WarmPrepare.Select(row => row.Data.Item2).Should().Contain("machine", "what a warm start does is among it");
        (Prepare.Count + Cleanup.Count + Collection.Count).Should().BeGreaterThan(300);
    }

    private static async Task Abandoned(StageWorld world)
    {
        await world.PrepareAsync();
        world.DeleteTemporaryDirectory();
    }

    private static async Task PlayAsync(
        Func<StageWorld, Task> arrange,
        Func<StageWorld, CancellationToken, Task> act,
        int number,
        string call,
        bool after,
        Fault fault,
        Aftermath aftermath,
        bool undoesItself = false)
    {
        using var world = new StageWorld();
        await arrange(world);
        using var happens = new FaultAt(number, after, fault);
        world.Gate = happens.PassAsync;

        var stage = act(world, happens.Signal);
        await Task.WhenAny(stage, fault == Fault.Killed ? happens.Reached : Task.Delay(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken));

        // A killed one never ends; the others may fail, but only as failures that carry a code, or as cancelled.
        happens.Call.Should().StartWith(call.Split(' ')[0], "the calls come in the same order each time");
        if (fault == Fault.Killed)
        {
            stage.IsCompleted.Should().BeFalse();
        }
        else if (await OutcomeAsync(stage) is { } failure)
        {
            failure.Should().Match(thrown => thrown is DriverException || thrown is OperationCanceledException);
            if (undoesItself && fault != Fault.Terminated)
            {
                world.Left().Should().BeEmpty("what fails half-way is undone");
            }
        }

        world.Bury();
        world.Gate = null;
        await ThenAsync(world, aftermath);
        world.Left().Should().BeEmpty();
    }

    private static async Task ThenAsync(StageWorld world, Aftermath aftermath)
    {
        switch (aftermath)
        {
            case Aftermath.Collection:
                if (Directory.Exists(world.TemporaryDirectory))
                {
                    world.DeleteTemporaryDirectory();
                }

                (await world.CollectAsync()).Failed.Should().BeFalse();
                break;
            case Aftermath.Retry:
                await world.PrepareAsync();
                world.Hypervisor.Domains.Should().ContainSingle();
                world.Processes.Running.Should().ContainSingle();
                await world.CleanupAsync();
                break;
            default:
                await world.CleanupAsync();
                break;
        }
    }

    private static async Task<Exception?> OutcomeAsync(Task stage)
    {
        try
        {
            await stage;
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }
}
