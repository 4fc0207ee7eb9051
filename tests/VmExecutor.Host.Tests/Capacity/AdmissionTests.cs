using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Users;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Host.Users;
using Xunit;

namespace VmExecutor.Host.Tests.Capacity;

/// <summary>Admission with real locks and files; the clock is the test's.</summary>
public sealed class AdmissionTests : IDisposable
{
    private static readonly LimitSettings OneVm = new()
    {
        MaxVms = 1,
        MemoryHeadroom = new ByteSize(1),
        DiskHeadroom = new ByteSize(1),
        WaitForCapacity = TimeSpan.FromMinutes(2),
    };

    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-admission-").FullName);
    private readonly FakeHypervisor _hypervisor = new();
    private readonly FakeJobProcesses _processes = new();
    private readonly FakeTimeProvider _time = new(TestPlan.Now);
    private readonly VmUsers _users = new(UserPerVm.Off, () => new VmUserChoice(null, "the test wants none"), new AbsolutePath("/proc/none"), TimeProvider.System);
    private readonly List<StateLocks> _locks = [];
    private readonly List<(string Line, TimeSpan After)> _told = [];

    // The locks of clones that wait for jobs; each is given up with its lock.
    private readonly Queue<IDisposable> _waiting = [];

    public void Dispose()
    {
        _locks.ForEach(locks => locks.Dispose());
        _hypervisor.Dispose();
        Directory.Delete(_state.Value, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_fits_has_its_claim_at_once_in_silence()
    {
        var admitted = await WaitAsync(Job(1), OneVm, _time);

        admitted.Should().BeNull();
        JobDirectory.Of(_state, Job(1)).Read()!.Claim.Should().Be(new ClaimRecord(1 << 20, 1));
        _told.Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_does_not_fit_has_clones_that_wait_for_jobs_removed_and_waits_for_none()
    {
        _waiting.Enqueue(await AdmitAsync(1));

        await _time.RunAsync(WaitAsync(Job(2), OneVm, _time));

        _waiting.Should().BeEmpty();
        _told.Should().BeEmpty();
        JobDirectory.Of(_state, Job(2)).Read()!.Claim.Should().NotBeNull();
    }

    [Theory(Timeout = 60_000)]
    [InlineData(null)]
    [InlineData(1L << 20)]
    public async Task Jobs_that_were_learned_to_need_little_fit_where_their_VMs_sizes_do_not(long? learned)
    {
        // Two VMs of two thirds of what there is do not fit together; twice a MiB does.
        var host = HostRoom.Read(_state);
        var size = Math.Min(host.MemoryAvailableBytes / 3 * 2, host.MemoryTotalBytes - (1 << 20));
        var limits = new LimitSettings { MemoryHeadroom = new ByteSize(1), DiskHeadroom = new ByteSize(1), WaitForCapacity = TimeSpan.FromSeconds(10) };
        var first = Locks();
        first.TryTake(Job(1));
        (await WaitAsync(Job(1), limits, _time, first, need: size, learned: learned)).Should().BeNull();

        var second = Locks();
        second.TryTake(Job(2));
        var waiting = WaitAsync(Job(2), limits, _time, second, need: size, learned: learned);
        if (learned is not null)
        {
            (await waiting).Should().BeNull();
            JobDirectory.Of(_state, Job(2)).Read()!.Claim.Should().Be(new ClaimRecord(size, 1) { LearnedBytes = learned });
            return;
        }

        var refused = () => _time.RunAsync(waiting);
        (await refused.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.CapacityExhausted);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_whose_VM_is_larger_than_the_host_is_refused_whatever_was_learned()
    {
        // Its retry has its whole size kept after it was stopped, and could never run.
        const long Pebibyte = 1L << 50;
        var admit = () => WaitAsync(Job(1), new LimitSettings(), _time, need: Pebibyte, learned: 1 << 20);

        (await admit.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain("1024TiB of memory");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_and_its_services_are_admitted_together_or_not_at_all()
    {
        var limits = OneVm with { MaxVms = 3 };
        using var first = await AdmitAsync(1, limits);
        using var second = await AdmitAsync(2, limits);
        var service = JobDirectory.Of(_state, Job(3).OfService(0));
        service.Create(TestRecord.Of(service.Key, _state));

        // The third VM is free, and the job needs two.
        var waits = WaitAsync(Job(3), limits, _time, services: [new Claimant(service, new ClaimRecord(2 << 20, 1))]);
        while (_told.Count == 0)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        var before = (JobDirectory.Of(_state, Job(3)).Read()!.Claim, service.Read()!.Claim);
        second.Dispose();
        await _time.RunAsync(waits);

        _told[0].Line.Should().Be("waiting for 2 VMs at once (the job's, and 1 of its services) (2 of 3 in use): next in line");
        before.Should().Be(((ClaimRecord?)null, (ClaimRecord?)null));
        JobDirectory.Of(_state, Job(3)).Read()!.Claim.Should().Be(new ClaimRecord(1 << 20, 1));
        service.Read()!.Claim.Should().Be(new ClaimRecord(2 << 20, 1));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_whose_services_need_more_VMs_than_the_host_may_have_is_refused_at_once()
    {
        var service = JobDirectory.Of(_state, Job(1).OfService(0));
        service.Create(TestRecord.Of(service.Key, _state));

        var refused = () => WaitAsync(Job(1), OneVm, _time, services: [new Claimant(service, new ClaimRecord(1, 1))]);

        (await refused.Should().ThrowAsync<SystemFailureException>()).Which.Message.Should().Contain("needs 2 VMs at once, since 1 of its services are VMs, and this host has 1 ('limits: max_vms')");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_clone_that_no_job_waits_for_takes_only_room_that_is_free()
    {
        using var holder = await AdmitAsync(1);
        var directory = JobDirectory.Of(_state, Job(2));
        directory.Create(TestRecord.Of(Job(2), _state));
        var locks = Locks();
        var settings = new Settings { File = _state.Child("vm-executor.yaml"), StateDir = _state, Images = [], Limits = OneVm };
        var admission = new Admission(settings, locks, new ClaimSurvey(_state, locks, _processes, _hypervisor), _users, GiveUpAsync, _time);
        _waiting.Enqueue(holder);

        (await admission.TryAsync(directory, new ClaimRecord(1 << 20, 1), default)).Should().BeFalse();
        _waiting.Should().ContainSingle("it removes no other to have its room");
        holder.Dispose();
        (await admission.TryAsync(directory, new ClaimRecord(1 << 20, 1), default)).Should().BeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_waits_says_so_at_once_and_then_every_15_seconds_and_fails_with_the_numbers()
    {
        using var holder = await AdmitAsync(1);

        var wait = () => _time.RunAsync(WaitAsync(Job(2), OneVm, _time));

        var failure = (await wait.Should().ThrowAsync<SystemFailureException>()).Which;
        failure.Code.Should().Be(ErrorCodes.CapacityExhausted);
        failure.Message.Should().Contain("waited 2m").And.Contain("1 of 1 in use");
        _told.Should().OnlyContain(told => told.Line == "waiting for a free VM (1 of 1 in use): next in line").And.HaveCountGreaterThanOrEqualTo(8);
        _told[0].After.Should().Be(TimeSpan.Zero);
        _told.Zip(_told.Skip(1), (one, next) => next.After - one.After).Should().OnlyContain(pause => pause >= TimeSpan.FromSeconds(15) && pause < TimeSpan.FromSeconds(17));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_waiting_job_is_admitted_when_the_holder_is_gone_and_gets_the_time_that_it_waited()
    {
        var holder = await AdmitAsync(1);
        var waiting = WaitAsync(Job(2), OneVm, _time);
        waiting.IsCompleted.Should().BeFalse();

        holder.Dispose();

        (await _time.RunAsync(waiting)).Should().BePositive();
    }

    [Fact(Timeout = 60_000)]
    public async Task Jobs_are_admitted_in_the_order_of_their_arrival()
    {
        var holder = await AdmitAsync(1);
        var order = new List<long>();
        var waiting = new List<Task>();
        foreach (var id in new[] { 4, 2, 3 })
        {
            waiting.Add(PassAsync(id));
        }

        holder.Dispose();
        await Task.WhenAll(waiting);

        order.Should().Equal(4, 2, 3);

        async Task PassAsync(int id)
        {
            // Each arrives before the next one is asked: everything up to the first wait runs at once.
            using var locks = Locks();
            using var held = locks.TryTake(Job(id))!;
            await WaitAsync(Job(id), OneVm with { WaitForCapacity = TimeSpan.FromSeconds(50) }, TimeProvider.System, locks);
            lock (order)
            {
                order.Add(id);
            }
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_would_fit_does_not_pass_one_that_waits_for_more()
    {
        using var locks = Locks();
        using var inFront = locks.TakePlace(TimeSpan.Zero);

        var wait = () => _time.RunAsync(WaitAsync(Job(2), OneVm, _time));

        await wait.Should().ThrowAsync<SystemFailureException>();
        _told.Should().OnlyContain(told => told.Line == "waiting for its turn: 1 job ahead");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_cancel_ends_the_wait_at_once_and_leaves_the_queue()
    {
        using var holder = await AdmitAsync(1);
        using var cancel = new CancellationTokenSource();
        var waiting = WaitAsync(Job(2), OneVm, TimeProvider.System, cancellationToken: cancel.Token);

        await cancel.CancelAsync();

        var end = () => waiting;
        await end.Should().ThrowAsync<OperationCanceledException>();
        Locks().TakePlace(TimeSpan.FromDays(10_000)).CountAhead().Should().Be(0);
        JobDirectory.Of(_state, Job(2)).Read()!.Claim.Should().BeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_can_never_fit_fails_at_once()
    {
        var wait = () => WaitAsync(Job(1), OneVm, _time, need: 1L << 60);

        (await wait.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.CapacityNeverEnough);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_of_a_runner_that_is_gone_stands_in_nobodys_way()
    {
        using var holder = await AdmitAsync(1);
        var record = TestRecord.Of(Job(2), _state);

        var wait = () => WaitAsync(Job(2), OneVm, _time, record: record with { Stamp = record.Stamp with { Runner = TestRecord.Gone } });

        (await wait.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.RunnerGone);
    }

    private static JobKey Job(int id) => new("https://gitlab.example.com", "abc", id);

    private StateLocks Locks()
    {
        var locks = new StateLocks(_state, TimeProvider.System);
        _locks.Add(locks);
        return locks;
    }

    /// <summary>A prepare in flight, until it is disposed.</summary>
    private async Task<KernelLock> AdmitAsync(int id, LimitSettings? limits = null)
    {
        var locks = Locks();
        var held = locks.TryTake(Job(id))!;
        await WaitAsync(Job(id), limits ?? OneVm, _time, locks);
        return held;
    }

    private Task<bool> GiveUpAsync(CancellationToken cancellationToken)
    {
        if (_waiting.Count == 0)
        {
            return Task.FromResult(false);
        }

        _waiting.Dequeue().Dispose();
        return Task.FromResult(true);
    }

    private async Task<TimeSpan?> WaitAsync(
        JobKey key, LimitSettings limits, TimeProvider time, StateLocks? locks = null, JobRecord? record = null, long need = 1 << 20, IReadOnlyList<Claimant>? services = null, long? learned = null, CancellationToken cancellationToken = default)
    {
        locks ??= Locks();
        record ??= TestRecord.Of(key, _state);
        var directory = JobDirectory.Of(_state, key);
        directory.Create(record);
        var settings = new Settings { File = _state.Child("vm-executor.yaml"), StateDir = _state, Images = [], Limits = limits };
        var began = time.GetUtcNow();
        return await new Admission(settings, locks, new ClaimSurvey(_state, locks, _processes, _hypervisor), _users, GiveUpAsync, time).WaitAsync(
            directory, record.Stamp, new ClaimRecord(need, 1) { LearnedBytes = learned }, services ?? [], line => _told.Add((line, time.GetUtcNow() - began)), cancellationToken);
    }
}
