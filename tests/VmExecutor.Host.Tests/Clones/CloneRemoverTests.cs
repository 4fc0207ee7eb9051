using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Observing;
using VmExecutor.Core.Tests.Clones;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Hypervisor;
using VmExecutor.Host.Observing;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Clones;

public sealed class CloneRemoverTests : IDisposable
{
    private static readonly JobKey Key = new("https://gitlab.example.com", "abc", 1);
    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-remover").FullName);
    private readonly FakeTimeProvider _time = new(TestPlan.Now);
    private readonly FakeHypervisor _hypervisor = new();
    private readonly List<string> _told = [];
    private readonly FakeJobProcesses _processes = new();
    private readonly JobDirectory _directory;

    public CloneRemoverTests()
    {
        _directory = JobDirectory.Of(_state, Key);
        _directory.Create(TestRecord.Of(Key, _state));
        File.WriteAllText(_directory.Paths.Overlay("vda").Value, "overlay");
        _hypervisor.Domains[Key.Domain.Value] = Stamped(Key.Value);
        _processes.Add(JobProcessKind.Ssh, Key);
    }

    public void Dispose()
    {
        _hypervisor.Dispose();
        Directory.Delete(_state.Value, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task Everything_of_a_job_is_removed()
    {
        await RemoveAsync();

        _hypervisor.Domains.Should().BeEmpty();
        _processes.Running.Should().BeEmpty();
        Directory.Exists(_directory.Paths.Directory.Value).Should().BeFalse();
        Directory.Exists(_directory.Paths.Directory.Parent().Value).Should().BeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task With_nothing_there_it_succeeds_also_twice()
    {
        _hypervisor.Domains.Clear();
        _directory.Remove();

        await RemoveAsync();
        await RemoveAsync();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("<domain/>")]
    [InlineData("<domain><metadata><vmx:job xmlns:vmx='urn:vm-executor:job:1' key='another-1-abcdef'/></metadata></domain>")]
    public async Task A_domain_without_this_jobs_stamp_is_left_alone_and_named(string xml)
    {
        _hypervisor.Domains[Key.Domain.Value] = xml;

        var remove = () => RemoveAsync();

        var failure = (await remove.Should().ThrowAsync<CleanupException>()).Which;
        failure.Message.Should().Contain(Key.Domain.Value).And.Contain("left alone");
        _hypervisor.Domains.Should().ContainKey(Key.Domain.Value);
        Directory.Exists(_directory.Paths.Directory.Value).Should().BeFalse("the other parts are still removed");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("xml ")]
    [InlineData("destroy ")]
    public async Task The_files_of_a_VM_that_could_not_be_ended_stay_for_who_comes_next(string failing)
    {
        _hypervisor.Before = call =>
        {
            if (call.StartsWith(failing, StringComparison.Ordinal))
            {
                throw FakeHypervisor.Refusal(ErrorCodes.HypervisorCallFailed);
            }
        };

        var remove = () => RemoveAsync();

        (await remove.Should().ThrowAsync<CleanupException>()).Which.Message.Should().Contain("libvirt says no");
        _processes.Running.Should().BeEmpty("what does not depend on the VM is still tried");
        _directory.Read().Should().NotBeNull("the record tells what this was");
        _hypervisor.Before = null;
        (await RemoveAsync()).Parts.Should().HaveCount(2);
        _hypervisor.Domains.Should().BeEmpty();
        _directory.Exists.Should().BeFalse();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("read-only")]
    [InlineData("full")]
    public async Task A_file_system_that_refuses_stops_no_other_part(string trouble)
    {
        using var small = SmallFileSystem.Make();
        var directory = JobDirectory.Of(small.Root.Child("state"), Key);
        directory.Create(TestRecord.Of(Key, small.Root.Child("state")));
        if (trouble == "full")
        {
            small.Cause(FileTrouble.Full);
            await RemoveAsync(directory);
            directory.Exists.Should().BeFalse("a full disk is no reason to keep anything");
        }
        else
        {
            small.Cause(FileTrouble.ReadOnly);
            var remove = () => RemoveAsync(directory);
            var failure = (await remove.Should().ThrowAsync<CleanupException>()).Which;
            failure.Message.Should().Contain("Read-only file system").And.Contain($"{small.Root}/state/jobs");
            failure.Hint.Should().Contain("read-only");
        }

        _hypervisor.Domains.Should().BeEmpty();
        _processes.Running.Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_VM_that_a_killed_stage_was_just_starting_is_waited_for()
    {
        var xml = _hypervisor.Domains[Key.Domain.Value];
        _hypervisor.Domains.Clear();
        TestRecord.Put(_directory, _directory.Read()! with { Bases = [new BaseFingerprint("/base.qcow2", 1, 2, 3)] });
        var looks = 0;
        _hypervisor.Before = call =>
        {
            if (call.StartsWith("xml", StringComparison.Ordinal) && ++looks == 3)
            {
                _hypervisor.Domains[Key.Domain.Value] = xml;
            }
        };

        var removal = await RemoveAsync();

        removal.Parts.Should().Contain($"domain {Key.Domain}");
        _hypervisor.Domains.Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_QEMU_is_ended_also_while_libvirt_cannot_be_asked()
    {
        _processes.Add(JobProcessKind.Qemu, Key);
        _hypervisor.Before = _ => throw FakeHypervisor.Refusal(ErrorCodes.HypervisorUnreachable);

        var remove = () => RemoveAsync();

        await remove.Should().ThrowAsync<CleanupException>();
        _processes.Running.Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task With_a_grace_period_the_guest_is_asked_first_and_destroyed_when_it_is_over()
    {
        _hypervisor.IgnoredShutdowns = null;

        await RemoveAsync(TimeSpan.FromSeconds(25));

        _hypervisor.Domains.Should().BeEmpty();
        _hypervisor.Calls.Count(call => call.StartsWith("shutdown", StringComparison.Ordinal)).Should().Be(3);
        _told.Should().ContainSingle().Which.Should().Contain("did not shut down within 25s");
    }

    [Fact]
    public void A_record_that_cannot_be_read_counts_as_none()
    {
        File.Delete(_directory.Paths.Record.Value);
        Directory.CreateDirectory(_directory.Paths.Record.Value);

        _directory.Read().Should().BeNull("cleanup must go on without it");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_QEMU_that_libvirt_has_lost_is_ended_and_named()
    {
        _hypervisor.Domains.Clear();
        _processes.Add(JobProcessKind.Qemu, Key);

        var removal = await RemoveAsync();

        _processes.Running.Should().BeEmpty();
        removal.Parts.Should().Contain(part => part.StartsWith("qemu "));
    }

    [Fact(Timeout = 60_000)]
    public async Task Processes_of_other_jobs_are_left_alone()
    {
        var other = new JobKey("https://gitlab.example.com", "abc", 2);
        _processes.Add(JobProcessKind.Ssh, other);
        _processes.Add(JobProcessKind.Qemu, other);

        await RemoveAsync();

        _processes.Running.Should().HaveCount(2).And.OnlyContain(process => process.Job == other);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_removed_parts_and_their_usage_are_reported()
    {
        _processes.Add(JobProcessKind.Qemu, Key);
        await File.WriteAllTextAsync(_directory.Paths.Scripts.Value, new ScriptRecord("build_script", 1.25, 3, null).ToLine() + "{\"sub_st");

        var removal = await RemoveAsync();

        removal.Parts.Should().HaveCount(4).And.Contain($"domain {Key.Domain}").And.Contain($"directory {_directory.Paths.Directory}");
        removal.Record!.Stamp.Project.Should().Be("group/project");
        removal.Scripts.Should().Equal(new ScriptRecord("build_script", 1.25, 3, null));
        removal.CpuTime.Should().Be(TimeSpan.FromSeconds(1.5));
        removal.HostMemoryBytes.Should().BeInRange(1 << 20, removal.PeakMemoryBytes!.Value);
        removal.DiskBytes.Should().BePositive();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_remains_of_an_interrupted_making_or_removing_go_along()
    {
        var jobs = _directory.Paths.Directory.Parent();
        foreach (var half in new[] { $".new-{Key}-0123abcd", $".gone-{Key}-0123abcd", ".gone-abc-2-ffffff-0123abcd" })
        {
            Directory.CreateDirectory(jobs.Child(half).Value);
            await File.WriteAllTextAsync(jobs.Child(half).Child("vda.qcow2").Value, "overlay");
        }

        await RemoveAsync();

        Directory.GetFileSystemEntries(jobs.Value).Select(Path.GetFileName).Should().Equal(".gone-abc-2-ffffff-0123abcd");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_cancelled_cleanup_waits_no_longer_but_still_removes_everything()
    {
        _hypervisor.IgnoredShutdowns = null;
        using var hurry = new CancellationTokenSource();
        await hurry.CancelAsync();

        await RemoveAsync(TimeSpan.FromHours(1), hurry.Token);

        _hypervisor.Domains.Should().BeEmpty();
        Directory.Exists(_directory.Paths.Directory.Value).Should().BeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_ledger_tells_of_a_service_that_was_a_VM_with_what_it_was_refused()
    {
        var service = JobDirectory.Of(_state, Key.OfService(0));
        var record = TestRecord.Of(service.Key, _state);
        service.Create(record with { Start = "warm", Egress = new EgressRecord("db", false, []), Stamp = record.Stamp with { Image = "db", Job = Key.Value } });
        var notes = new EgressNotes { Policy = "db", Refused = new() { ["evil.test"] = 2 } };
        await File.WriteAllTextAsync(service.Paths.Egress.Value, notes.ToJson());
        _hypervisor.Domains[service.Key.Domain.Value] = Stamped(service.Key.Value);

        var removal = await RemoveAsync();
        var told = LedgerEntries.Of(Key, removal, "cleanup", "success", null, TestPlan.Now).Services!.Should().ContainSingle().Subject;

        told.Should().Be(new LedgerService($"vmx-{service.Key}") { Image = "db", Start = "warm", CpuSeconds = 1.5, DiskBytes = told.DiskBytes, Egress = told.Egress });
        told.Egress!.Refused.Should().Equal(notes.Refused);
        removal.Parts.Should().Contain($"domain {service.Key.Domain}");
        _hypervisor.Domains.Should().BeEmpty();
        service.Exists.Should().BeFalse();
    }

    private static string Stamped(string key) =>
        $"<domain><metadata><vmx:job xmlns:vmx='urn:vm-executor:job:1' key='{key}'/></metadata></domain>";

    private Task<Removal> RemoveAsync(TimeSpan? grace = null, CancellationToken hurry = default) => RemoveAsync(_directory, grace, hurry);

    private Task<Removal> RemoveAsync(JobDirectory directory, TimeSpan? grace = null, CancellationToken hurry = default)
    {
        var remover = new CloneRemover(_hypervisor, new DomainStopper(_hypervisor, _time), _processes, _time);
        return _time.RunAsync(remover.RemoveAsync(Key, directory, grace, _told.Add, hurry, CancellationToken.None));
    }
}
