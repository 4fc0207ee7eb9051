using FluentAssertions;
using VmExecutor.Core.Capacity;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Capacity;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Locks;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Tests.Fakes;
using Xunit;

namespace VmExecutor.Host.Tests.Capacity;

/// <summary>The claims that count: those of jobs whose lock or QEMU is there, by the word of the kernel or libvirt.</summary>
public sealed class ClaimSurveyTests : IDisposable
{
    private static readonly JobKey Self = new("https://gitlab.example.com", "abc", 1);
    private static readonly JobKey Other = new("https://gitlab.example.com", "abc", 2);
    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-claims-").FullName);
    private readonly FakeHypervisor _hypervisor = new();
    private readonly FakeJobProcesses _processes = new();
    private readonly StateLocks _theirs;
    private readonly StateLocks _ours;

    public ClaimSurveyTests()
    {
        _theirs = new StateLocks(_state, TimeProvider.System);
        _ours = new StateLocks(_state, TimeProvider.System);
    }

    public void Dispose()
    {
        _theirs.Dispose();
        _ours.Dispose();
        _hypervisor.Dispose();
        Directory.Delete(_state.Value, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_prepare_counts_as_a_start_from_its_claim_on_and_not_while_it_waits()
    {
        Leave(claim: null);
        _theirs.TryTake(Other).Should().NotBeNull();
        (await FindAsync()).Should().BeEmpty();

        TestRecord.Put(Directory_, Record(new ClaimRecord(512, 1)));

        (await FindAsync()).Should().Equal(new LiveClaim(512, 0, Starting: true));
    }

    [Fact(Timeout = 60_000)]
    public async Task The_claim_of_a_killed_prepare_is_gone_with_its_lock()
    {
        Leave(new ClaimRecord(512, 1));
        var held = _theirs.TryTake(Other)!;
        (await FindAsync()).Should().ContainSingle();

        held.Dispose();

        (await FindAsync()).Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_vm_counts_while_its_qemu_is_there_with_the_memory_it_really_has()
    {
        Leave(new ClaimRecord(1L << 40, 1), ready: true);
        _processes.Add(JobProcessKind.Qemu, Other);
        _processes.Add(JobProcessKind.Ssh, Other);

        var claim = (await FindAsync()).Should().ContainSingle().Which;
        claim.Starting.Should().BeFalse();
        claim.ResidentBytes.Should().BeInRange(1 << 20, 1L << 34, "the stand-in's QEMU is this very process");
        claim.OutstandingBytes.Should().Be((1L << 40) - claim.ResidentBytes);

        _processes.Running.Clear();
        (await FindAsync()).Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_vm_without_a_claim_takes_its_place_and_promises_nothing()
    {
        _processes.Add(JobProcessKind.Qemu, Other);

        (await FindAsync()).Should().ContainSingle().Which.OutstandingBytes.Should().Be(0);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_vm_whose_qemu_cannot_be_seen_counts_while_libvirt_knows_it_or_does_not_answer()
    {
        Leave(new ClaimRecord(512, 1), ready: true);
        _hypervisor.Domains[Other.Domain.Value] = "<domain/>";
        (await FindAsync()).Should().Equal(new LiveClaim(512, 0, Starting: false));

        _hypervisor.Domains.Clear();
        (await FindAsync()).Should().BeEmpty();

        _hypervisor.Before = _ => throw FakeHypervisor.Refusal(ErrorCodes.HypervisorUnreachable);
        (await FindAsync()).Should().ContainSingle();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_job_that_asks_is_not_in_its_own_way()
    {
        JobDirectory.Of(_state, Self).Create(TestRecord.Of(Self, _state) with { Claim = new ClaimRecord(512, 1) });
        _theirs.TryTake(Self);
        _processes.Add(JobProcessKind.Qemu, Self);

        (await FindAsync()).Should().BeEmpty();
    }

    [Fact]
    public void The_memory_of_a_process_is_less_than_its_most()
    {
        var now = ProcessTable.ResidentMemory(Environment.ProcessId);

        now.Should().BeInRange(1 << 20, ProcessTable.PeakMemory(Environment.ProcessId)!.Value);
        ProcessTable.ResidentMemory(int.MaxValue).Should().BeNull();
    }

    private JobDirectory Directory_ => JobDirectory.Of(_state, Other);

    private JobRecord Record(ClaimRecord? claim, bool ready = false) =>
        TestRecord.Of(Other, _state) with { Claim = claim, Ready = ready ? DateTimeOffset.UtcNow : null };

    private void Leave(ClaimRecord? claim, bool ready = false) => Directory_.Create(Record(claim, ready));

    private Task<IReadOnlyList<LiveClaim>> FindAsync() =>
        new ClaimSurvey(_state, _ours, _processes, _hypervisor).FindAsync([Self], TestContext.Current.CancellationToken);
}
