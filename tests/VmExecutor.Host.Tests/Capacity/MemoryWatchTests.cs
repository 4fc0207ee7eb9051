using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Capacity;

/// <summary>A host that is short of memory, since the watermark is above all that a host has. The test's own process stands for each QEMU.</summary>
public sealed class MemoryWatchTests : IDisposable
{
    private static readonly JobKey Older = new("https://gitlab.example.com", "abc", 1);
    private static readonly JobKey Younger = new("https://gitlab.example.com", "abc", 2);

    /// <summary>So high that there is no time to end other VMs first.</summary>
    private static readonly ByteSize High = new(long.MaxValue);

    /// <summary>So high that there is time for that.</summary>
    private static readonly ByteSize Near = new(HostRoom.AvailableMemory() / 2 * 3);

    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-memorywatch-").FullName);
    private readonly FakeHypervisor _hypervisor = new();
    private readonly FakeJobProcesses _processes = new();
    private readonly FakeTimeProvider _time = new(TestPlan.Now);
    private readonly StateLocks _locks;
    private readonly List<string> _told = [];
    private int _waiting;

    public MemoryWatchTests() => _locks = new StateLocks(_state, TimeProvider.System);

    public void Dispose()
    {
        _locks.Dispose();
        _hypervisor.Dispose();
        Directory.Delete(_state.Value, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_youngest_VM_that_took_more_than_was_kept_for_it_is_stopped_and_what_it_took_is_noted()
    {
        Make(Older, 0, learned: 1);
        Make(Younger, 5, learned: 1);

        await Looking(Older, High).Should().NotThrowAsync();
        var failure = (await Looking(Younger, High).Should().ThrowAsync<SystemFailureException>()).Which;

        failure.Code.Should().Be(ErrorCodes.MemoryWatermarkPassed);
        failure.Message.Should().Contain("The VM of job 'build' of project 'group/project' has taken ").And.Contain("1B were kept for the VM").And.Contain("less than the ");
        _hypervisor.Domains.Should().ContainKey(Older.Domain.Value).And.NotContainKey(Younger.Domain.Value);
        var stopped = JobDirectory.Of(_state, Younger).Read()!.Stopped!;
        (stopped.Code, stopped.IsBuildFailure).Should().Be((1514, false));
        stopped.HostMemoryBytes.Should().BeGreaterThan(1 << 20);
        _told.Should().ContainSingle().Which.Should().StartWith($"stopping VM {Younger.Domain}, which has taken ");
    }

    [Theory(Timeout = 60_000)]
    [InlineData(null)]
    [InlineData(long.MaxValue)]
    public async Task A_VM_that_keeps_to_what_was_kept_for_it_stays_and_so_does_one_whose_whole_size_was_kept(long? learned)
    {
        Make(Older, 0, learned: 1);
        Make(Younger, 5, learned);

        await Looking(Younger, High).Should().NotThrowAsync();
        await Looking(Older, High).Should().ThrowAsync<SystemFailureException>("the younger one is not over");

        _hypervisor.Domains.Should().ContainKey(Younger.Domain.Value);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_host_with_memory_stops_nothing()
    {
        _waiting = 1;
        Make(Younger, 0, learned: 1);

        await Looking(Younger, new ByteSize(1)).Should().NotThrowAsync();

        _waiting.Should().Be(1);
        _told.Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task Clones_that_wait_and_VMs_that_are_kept_go_before_a_job_while_there_is_time()
    {
        _waiting = 1;
        Make(Older, 0, learned: null);
        await JobDirectory.Of(_state, Older).UpdateAsync(_locks, record => record with { Kept = true });
        Make(Younger, 5, learned: 1);
        var look = Looking(Younger, Near);

        await look.Should().NotThrowAsync();
        _waiting.Should().Be(0);
        _hypervisor.Domains.Should().ContainKey(Older.Domain.Value);

        await look.Should().NotThrowAsync();
        _hypervisor.Domains.Should().NotContainKey(Older.Domain.Value).And.ContainKey(Younger.Domain.Value);
        _told.Should().ContainSingle().Which.Should().StartWith($"the memory of this host is nearly full: ending VM {Older.Domain}, which was kept after its job (");
        JobDirectory.Of(_state, Older).Read()!.Stopped!.Code.Should().Be(1514);

        await look.Should().ThrowAsync<SystemFailureException>();
        _hypervisor.Domains.Should().NotContainKey(Younger.Domain.Value);
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_time_the_job_goes_first()
    {
        _waiting = 1;
        Make(Younger, 5, learned: 1);

        await Looking(Younger, High).Should().ThrowAsync<SystemFailureException>();

        _waiting.Should().Be(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_process_that_holds_the_lock_of_capacity_for_long_does_not_keep_it_from_being_stopped()
    {
        Make(Younger, 5, learned: 1);
        using var other = new StateLocks(_state, TimeProvider.System);
        using var held = await other.TakeCapacityAsync(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        held.Should().NotBeNull();

        var look = () => _time.RunAsync(Looking(Younger, High)());

        await look.Should().ThrowAsync<SystemFailureException>();
    }

    [Fact(Timeout = 60_000)]
    public async Task While_another_script_ends_a_VM_none_goes_though_the_other_one_shows_no_memory_any_more()
    {
        // Older was stopped: its QEMU ends, so it has no arguments and no memory in /proc, but its memory is not given back yet.
        Make(Younger, 5, learned: 1);
        using var other = new StateLocks(_state, TimeProvider.System);
        using var turn = await other.TakeMemoryAsync(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        turn.Should().NotBeNull();
        var began = _time.GetUtcNow();
        TimeSpan? waited = null;
        _hypervisor.Gate = (call, _, _) =>
        {
            waited ??= call.StartsWith("destroy ", StringComparison.Ordinal) ? _time.GetUtcNow() - began : null;
            return Task.CompletedTask;
        };

        var look = () => _time.RunAsync(Looking(Younger, High)());

        await look.Should().ThrowAsync<SystemFailureException>("a process that ends a VM for ever does not keep the host from having room");
        waited.Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(10));
    }

    [Fact(Timeout = 60_000)]
    public async Task It_looks_again_and_again()
    {
        var looks = 0;
        Make(Younger, 0, learned: 1);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var watch = Watch(Younger, Near, _ => Task.FromResult(++looks < 3));

        var watching = () => _time.RunAsync(watch.WatchAsync(_told.Add, over.Token));

        (await watching.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.MemoryWatermarkPassed);
        looks.Should().Be(3);
        (await watch.Stopping!).Code.Should().Be(ErrorCodes.MemoryWatermarkPassed);
    }

    private Func<Task> Looking(JobKey job, ByteSize watermark)
    {
        var watch = Watch(job, watermark, _ => Task.FromResult(_waiting > 0 && --_waiting >= 0));
        return () => watch.EnsureRoomAsync(_told.Add, TestContext.Current.CancellationToken);
    }

    private MemoryWatch Watch(JobKey job, ByteSize watermark, Func<CancellationToken, Task<bool>> giveUp)
    {
        var directory = JobDirectory.Of(_state, job);
        var record = directory.Read()!;
        return new MemoryWatch(new MemoryRoom(directory, record, watermark, _locks, _processes), (directory, record), new DomainStopper(_hypervisor, _time), giveUp, new StateLocks(_state, _time), _time);
    }

    private void Make(JobKey key, int minute, long? learned)
    {
        _hypervisor.Domains[key.Domain.Value] = "<domain/>";
        var record = TestRecord.Of(key, _state);
        JobDirectory.Of(_state, key).Create(record with
        {
            JobName = "build",
            Claim = new ClaimRecord(1 << 30, 1) { LearnedBytes = learned },
            Stamp = record.Stamp with { Created = new DateTimeOffset(2026, 11, 28, 12, minute, 0, TimeSpan.Zero) },
        });
        _processes.Add(JobProcessKind.Qemu, key);
        _locks.TryTakeScript(key);
    }
}
