using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Services;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Capacity;

public sealed class DiskWatchTests : IDisposable
{
    private const int MiB = 1 << 20;
    private static readonly JobKey Job = new("https://gitlab.example.com", "abc", 1);
    private static readonly JobKey Other = new("https://gitlab.example.com", "abc", 2);

    /// <summary>More than any disk has free.</summary>
    private static readonly ByteSize High = new(long.MaxValue);
    private static readonly ByteSize Low = new(1);

    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-diskwatch-").FullName);
    private readonly FakeHypervisor _hypervisor = new();
    private readonly StateLocks _locks;
    private readonly List<string> _told = [];

    public DiskWatchTests()
    {
        _locks = new StateLocks(_state, TimeProvider.System);
        foreach (var key in new[] { Job, Other })
        {
            _hypervisor.Domains[key.Domain.Value] = "<domain/>";
            JobDirectory.Of(_state, key).Create(TestRecord.Of(key, _state));
            _locks.TryTakeScript(key);
        }
    }

    public void Dispose()
    {
        _locks.Dispose();
        _hypervisor.Dispose();
        Directory.Delete(_state.Value, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_outgrows_its_image_loses_its_vm_its_overlays_and_knows_why()
    {
        Write(Job, "vda", 3 * MiB);
        Write(Job, "vdb", 2 * MiB);

        var failure = (await Looking(Job, Low, allowed: 4 * MiB).Should().ThrowAsync<BuildFailureException>()).Which;

        failure.Code.Should().Be(ErrorCodes.OverlayTooLarge);
        failure.Message.Should().Contain("5MiB").And.Contain("4MiB that image 'base' allows");
        _hypervisor.Domains.Should().ContainKey(Other.Domain.Value).And.NotContainKey(Job.Domain.Value);
        JobDirectory.Of(_state, Job).DiskBytes().Should().Be(0);
        JobDirectory.Of(_state, Job).Read()!.Stopped.Should().BeEquivalentTo(new { Code = 1015, IsBuildFailure = true, DiskBytes = 5L * MiB });
        _told.Should().ContainSingle().Which.Should().Be($"stopping VM {Job.Domain}, which has written 5MiB to its disk");
    }

    [Fact(Timeout = 60_000)]
    public async Task On_a_disk_that_gets_full_the_job_that_has_written_most_goes_and_no_other()
    {
        Write(Job, "vda", 18 * MiB);
        Write(Other, "vda", 20 * MiB);

        await Looking(Job, High).Should().NotThrowAsync();
        (await Looking(Other, High).Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.DiskWatermarkPassed);

        _hypervisor.Domains.Should().ContainKey(Job.Domain.Value).And.NotContainKey(Other.Domain.Value);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_VMs_of_a_jobs_services_count_with_it_and_end_with_it(bool diskIsFull)
    {
        var service = JobDirectory.Of(_state, Job.OfService(0));
        service.Create(TestRecord.Of(service.Key, _state) with { MaxOverlayBytes = 30 * MiB });
        _hypervisor.Domains[service.Key.Domain.Value] = "<domain/>";
        Write(Job, "vda", 18 * MiB);
        Write(Other, "vda", 20 * MiB);
        Write(service.Key, "vda", diskIsFull ? 4 * MiB : 31 * MiB);
        var vms = new[] { new ServiceVmRecord(service.Key.Value, "web", ["db"]) };
        await JobDirectory.Of(_state, Job).UpdateAsync(_locks, record => record with { ServiceVms = vms }, TestContext.Current.CancellationToken);
        var looking = () => new DiskWatch(
            JobDirectory.Of(_state, Job), JobDirectory.Of(_state, Job).Read()!, diskIsFull ? High : Low, new DomainStopper(_hypervisor, TimeProvider.System), _locks, TimeProvider.System)
            .EnsureRoomAsync(_told.Add);

        if (diskIsFull)
        {
            await Looking(Other, High).Should().NotThrowAsync("the other job has written more");
        }

        var failure = (await looking.Should().ThrowAsync<DriverException>()).Which;
        failure.Code.Should().Be(diskIsFull ? ErrorCodes.DiskWatermarkPassed : ErrorCodes.OverlayTooLarge);
        failure.Message.Should().Contain(diskIsFull ? "22MiB" : "31MiB");
        _hypervisor.Domains.Keys.Should().Equal(Other.Domain.Value);
        service.DiskBytes().Should().Be(0);
        _told.Should().ContainSingle().Which.Should().StartWith($"stopping VM {Job.Domain} and those of its services, which have written ");
    }

    [Fact(Timeout = 60_000)]
    public async Task Projects_disks_that_no_job_uses_go_before_a_job_is_stopped()
    {
        Write(Job, "vda", 18 * MiB);
        var used = StoredDisk.Put(_state, 1, DateTimeOffset.UtcNow.AddDays(-3));
        var unused = StoredDisk.Put(_state, 2, DateTimeOffset.UtcNow);
        await JobDirectory.Of(_state, Other).UpdateAsync(_locks, record => record with { ProjectDisk = StoredDisk.UseOf(used) }, TestContext.Current.CancellationToken);

        await Looking(Job, High).Should().NotThrowAsync("the next look sees the room");

        unused.Read().Should().BeNull();
        used.Read().Should().NotBeNull();
        _told.Should().ContainSingle().Which.Should().StartWith("the disk of this host is nearly full: removed 1 project disk that no job uses");
        await Looking(Job, High).Should().ThrowAsync<SystemFailureException>("nothing else can go");
        used.Read().Should().NotBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_larger_job_without_a_watch_does_not_shield_others()
    {
        Write(Job, "vda", 18 * MiB);
        Write(Other, "vda", 20 * MiB);
        _locks.Dispose();
        _locks.TryTakeScript(Job);

        await Looking(Job, High).Should().ThrowAsync<SystemFailureException>();
    }

    [Fact(Timeout = 60_000)]
    public async Task With_room_enough_or_next_to_nothing_written_no_job_is_stopped()
    {
        Write(Job, "vda", 18 * MiB);
        await Looking(Job, Low).Should().NotThrowAsync();
        Write(Job, "vda", MiB);
        await Looking(Job, High).Should().NotThrowAsync();

        _hypervisor.Calls.Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_vm_that_libvirt_does_not_end_is_told_of_and_the_reason_stays_the_reason()
    {
        Write(Job, "vda", 5 * MiB);
        _hypervisor.Before = _ => throw FakeHypervisor.Refusal(ErrorCodes.HypervisorUnreachable);

        await Looking(Job, Low, allowed: MiB).Should().ThrowAsync<BuildFailureException>();

        _told.Should().HaveCount(2);
        _told[1].Should().Contain("could not be stopped: libvirt says no");
        JobDirectory.Of(_state, Job).Read()!.Stopped.Should().BeNull("the next script looks again");
    }

    [Fact(Timeout = 60_000)]
    public async Task The_watch_looks_each_second_until_it_finds_something()
    {
        var time = new FakeTimeProvider(TestPlan.Now);
        var watching = Watch(Job, Low, MiB, time).WatchAsync(_told.Add, TestContext.Current.CancellationToken);
        await time.RunAsync(Task.Delay(TimeSpan.FromSeconds(5), time, TestContext.Current.CancellationToken));
        watching.IsCompleted.Should().BeFalse();

        Write(Job, "vda", 2 * MiB);

        var end = () => time.RunAsync(watching);
        await end.Should().ThrowAsync<BuildFailureException>();
    }

    private Func<Task> Looking(JobKey key, ByteSize watermark, long? allowed = null) =>
        () => Watch(key, watermark, allowed, TimeProvider.System).EnsureRoomAsync(_told.Add);

    private DiskWatch Watch(JobKey key, ByteSize watermark, long? allowed, TimeProvider time) => new(
        JobDirectory.Of(_state, key),
        TestRecord.Of(key, _state) with { MaxOverlayBytes = allowed },
        watermark,
        new DomainStopper(_hypervisor, time),
        _locks,
        time);

    private void Write(JobKey key, string disk, int bytes) =>
        File.WriteAllBytes(JobDirectory.Of(_state, key).Paths.Overlay(disk).Value, new byte[bytes]);
}
