using System.Collections.Concurrent;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Locks;
using Xunit;

namespace VmExecutor.Program.Tests.Faults;

/// <summary>Whole prepares on a host with room for one or two VMs: in order, and nothing left of those who never had their turn.</summary>
public sealed class CapacityTests : IDisposable
{
    private static readonly JobKey[] Jobs = [.. Enumerable.Range(1, 6).Select(id => new JobKey("https://gitlab.example.com", "abc", id))];
    private readonly StageWorld _world = new();

    public CapacityTests() => _world.Keys.AddRange(Jobs.Skip(1));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _world.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task Six_jobs_on_a_host_sized_for_two_run_in_order_without_failure()
    {
        _world.Limits = Limits(2);
        var alive = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        var most = 0;
        _world.Gate = (call, after, _) =>
        {
            if (call.StartsWith("create vmx-abc", StringComparison.Ordinal) && after)
            {
                alive[call.Split(' ')[1]] = true;
                most = Math.Max(most, alive.Count);
            }
            else if (call.StartsWith("destroy vmx-abc", StringComparison.Ordinal) && !after)
            {
                alive.TryRemove(call.Split(' ')[1], out var _);
            }

            return Task.CompletedTask;
        };

        var prepares = new List<Task>();
        foreach (var job in Jobs)
        {
            prepares.Add(_world.PrepareAsync(job, Token));
            await (prepares.Count <= 2 ? prepares[^1] : QueueIsAsync(prepares.Count - 2));
        }

        for (var job = 0; job < Jobs.Length; job++)
        {
            await prepares[job];
            await _world.CleanupAsync(Jobs[job], Token);

            // One VM is free at a time: two who are admitted together may start in any order.
            await prepares[Math.Min(job + 2, Jobs.Length - 1)];
        }

        most.Should().Be(2);
        Created().Should().Equal(Jobs.Select(job => $"create {job.Domain}"));
        _world.Log.ToString().Should().Contain("waiting for a free VM (2 of 2 in use): next in line")
            .And.Contain("waiting for a free VM (2 of 2 in use): 3 jobs ahead").And.Contain("capacity: admitted after ").And.MatchRegex(@"source \d+\.\d\d, capacity \d+\.\d\d, disks");
        _world.Left().Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_has_waited_says_once_that_KVM_does_not_work()
    {
        _world.Limits = Limits(1);
        _world.Hypervisor.Before = call =>
        {
            if (call.StartsWith("create vmx-probe-", StringComparison.Ordinal))
            {
                throw new HypervisorException(ErrorCodes.DomainStartFailed, "no KVM here", "hint");
            }
        };
        await _world.PrepareAsync(Jobs[0], Token);
        _world.Log.ToString().Should().Contain("KVM does not work", Exactly.Once());

        var waiting = _world.PrepareAsync(Jobs[1], Token);
        await QueueIsAsync(1);
        await _world.CleanupAsync(Jobs[0], Token);
        await waiting;

        _world.Log.ToString().Should().Contain("capacity: admitted after").And.Contain("KVM does not work", Exactly.Twice(), "each of the two jobs says it");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_does_not_wait_says_nothing_of_capacity()
    {
        await _world.PrepareAsync(Token);

        _world.Log.ToString().Should().NotContain("capacity").And.NotContain("waiting");
        _world.JobDirectory.Read()!.Claim!.MemoryBytes.Should().Be(1L << 30, "a file's machine has 1 GiB by default");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_is_cancelled_while_it_waits_leaves_nothing()
    {
        await OccupyAsync(Limits(1));
        var before = _world.Left();
        using var cancel = new CancellationTokenSource();
        var waiting = _world.PrepareAsync(Jobs[1], cancel.Token);
        await QueueIsAsync(1);

        await cancel.CancelAsync();

        var end = () => waiting;
        await end.Should().ThrowAsync<OperationCanceledException>();
        _world.Left().Should().Equal(before);
        await QueueIsAsync(0);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_is_killed_while_it_waits_is_out_of_the_queue_and_leaves_a_leftover_that_gc_takes()
    {
        await OccupyAsync(Limits(1));
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _world.Gate = (call, _, _) =>
        {
            // The waiting prepare asks whether the VM in its way still lives, and here for ever.
            if (call != $"status {StageWorld.Key.Domain}" || Queue() == 0)
            {
                return Task.CompletedTask;
            }

            reached.TrySetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None);
        };
        var killed = _world.PrepareAsync(Jobs[1], Token);
        await reached.Task;

        _world.Bury();
        _world.Gate = null;

        killed.IsCompleted.Should().BeFalse();
        Queue().Should().Be(0);
        _world.DeleteTemporaryDirectory();
        (await _world.CollectAsync(cancellationToken: Token)).Removed.Should().Be(2);
        _world.Left().Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_has_waited_too_long_is_a_system_failure_and_leaves_nothing()
    {
        await OccupyAsync(Limits(1) with { WaitForCapacity = TimeSpan.FromSeconds(1) });
        var before = _world.Left();

        var wait = () => _world.PrepareAsync(Jobs[1], Token);

        (await wait.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.CapacityExhausted);
        _world.Left().Should().Equal(before);
        _world.Ledger().Should().ContainSingle().Which.Reason.Should().Be("VMX1510");
    }

    private static LimitSettings Limits(int most) => new() { MaxVms = most, MemoryHeadroom = new ByteSize(1), DiskHeadroom = new ByteSize(1) };

    private async Task OccupyAsync(LimitSettings limits)
    {
        _world.Limits = limits;
        await _world.PrepareAsync(Token);
    }

    private List<string> Created() =>
        [.. _world.Hypervisor.Calls.Where(call => call.StartsWith("create vmx-", StringComparison.Ordinal) && !call.Contains("probe", StringComparison.Ordinal))];

    private int Queue()
    {
        using var locks = new StateLocks(_world.StateDir, TimeProvider.System);
        using var last = locks.TakePlace(TimeSpan.FromDays(10_000));
        return last.CountAhead();
    }

    private async Task QueueIsAsync(int length)
    {
        while (Queue() != length)
        {
            await Task.Delay(20, Token);
        }
    }
}
