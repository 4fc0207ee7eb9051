using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Program.Tests.Keeping;

/// <summary>On a disk that gets full the VMs that only stay for people go before any job's.</summary>
public sealed class KeptOnFullDiskTests : IDisposable
{
    private static readonly ByteSize MoreThanAnyDisk = new(long.MaxValue);
    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-kept-").FullName);
    private readonly JobKey _running = new("https://gitlab.example.com", "abc", 1);
    private readonly JobKey _kept = new("https://gitlab.example.com", "abc", 2);
    private readonly FakeHypervisor _hypervisor = new();
    private readonly List<string> _told = [];

    public KeptOnFullDiskTests()
    {
        foreach (var key in new[] { _running, _kept })
        {
            _hypervisor.Domains[key.Domain.Value] = "<domain/>";
            JobDirectory.Of(_state, key).Create(TestRecord.Of(key, _state) with { Kept = key == _kept, Keep = key == _kept ? new KeepRecord("build_script", "failed") : null });
            File.WriteAllBytes(JobDirectory.Of(_state, key).Paths.Overlay("vda").Value, new byte[1 << 20]);
        }
    }

    public void Dispose()
    {
        _hypervisor.Dispose();
        Directory.Delete(_state.Value, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_kept_VM_is_ended_and_its_room_given_back_while_the_job_runs_on()
    {
        await LookAsync();

        _hypervisor.Domains.Keys.Should().Equal(_running.Domain.Value);
        var record = JobDirectory.Of(_state, _kept).Read()!;
        record.Kept.Should().BeFalse("gc shall take the rest");
        record.Stopped!.Reason.Should().Be("VMX1512");
        JobDirectory.Of(_state, _kept).Overlays().Should().BeEmpty();
        _told.Should().ContainSingle().Which.Should().Contain($"ending VM {_kept.Domain}");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_projects_disk_that_no_job_uses_goes_before_it()
    {
        var disk = StoredDisk.Put(_state, 1, DateTimeOffset.UtcNow);

        await LookAsync();

        disk.Read().Should().BeNull();
        _hypervisor.Domains.Should().ContainKey(_kept.Domain.Value);
        await LookAsync();
        _hypervisor.Domains.Should().NotContainKey(_kept.Domain.Value);
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_another_process_is_removing_is_left_alone()
    {
        using var others = new StateLocks(_state, TimeProvider.System);
        using var held = others.TryTake(_kept);

        await LookAsync();

        _hypervisor.Domains.Should().ContainKey(_kept.Domain.Value);
    }

    private async Task LookAsync()
    {
        using var locks = new StateLocks(_state, TimeProvider.System);
        var directory = JobDirectory.Of(_state, _running);
        await new DiskWatch(directory, directory.Read()!, MoreThanAnyDisk, new DomainStopper(_hypervisor, TimeProvider.System), locks, TimeProvider.System)
            .EnsureRoomAsync(_told.Add);
    }
}
