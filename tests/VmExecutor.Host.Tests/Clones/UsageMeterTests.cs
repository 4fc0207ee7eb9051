using FluentAssertions;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Clones;

public sealed class UsageMeterTests : IDisposable
{
    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-usage-").FullName);
    private readonly JobKey _key = new("https://gitlab.example.com", "abc", 1);
    private readonly FakeJobProcesses _processes = new();

    public void Dispose() => Directory.Delete(_state.Value, recursive: true);

    // No mapping is as large as that, so none of this process, which stands for QEMU, is taken for the guest's memory.
    private const int GuestBytes = (1 << 20) + 1;

    [Fact]
    public void A_VM_is_measured_by_its_QEMU_and_its_overlays()
    {
        var directory = JobDirectory.Of(_state, _key);
        directory.Create(TestRecord.Of(_key, _state) with { Claim = new ClaimRecord(GuestBytes, 1) });
        File.WriteAllBytes(directory.Paths.Overlay("vda").Value, new byte[1 << 20]);
        _processes.Add(JobProcessKind.Ssh, _key);
        _processes.Add(JobProcessKind.Qemu, _key);

        var usage = UsageMeter.Read(_key, directory, _processes);

        usage.Memory!.Value.UsedBytes.Should().BeInRange(1, GuestBytes, "QEMU takes more than its guest");
        usage.CpuTime.Should().BePositive();
        usage.DiskBytes.Should().BeInRange(1 << 20, (1 << 20) + (64 << 10));
    }

    [Fact]
    public void The_guests_word_comes_before_what_the_host_sees_and_refusals_are_counted()
    {
        var directory = JobDirectory.Of(_state, _key);
        directory.Create(TestRecord.Of(_key, _state) with { Claim = new ClaimRecord(GuestBytes, 1), Egress = new EgressRecord("closed", false, []) });
        _processes.Add(JobProcessKind.Qemu, _key);
        directory.Note(new ScriptRecord("get_sources", 1, 0, null));
        directory.Note(new ScriptRecord("build_script", 1, 0, null) { GuestPeakBytes = 7000 });
        directory.Note(new ScriptRecord("after_script", 1, 0, null) { GuestPeakBytes = 5000 });
        File.WriteAllText(directory.Paths.Egress.Value, new EgressNotes { Policy = "closed", Refused = new() { ["evil.test"] = 2, ["192.0.2.9:443"] = 3 } }.ToJson());

        var usage = UsageMeter.Read(_key, directory, _processes);

        (usage.IsMemoryByGuest, usage.Memory, usage.Refused).Should().Be((true, new GuestMemoryUse(7000, GuestBytes), 5));
    }

    [Fact]
    public void Of_a_VM_that_is_gone_nothing_is_known()
    {
        _processes.Add(JobProcessKind.Qemu, new JobKey("https://gitlab.example.com", "abc", 2));

        UsageMeter.Read(_key, JobDirectory.Of(_state, _key), _processes).Should().Be(new JobUsage(null, null, null));
    }
}
