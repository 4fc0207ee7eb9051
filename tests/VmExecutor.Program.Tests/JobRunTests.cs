using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Observing;
using VmExecutor.Program.Tests.Faults;
using Xunit;

namespace VmExecutor.Program.Tests;

public sealed class JobRunTests : IDisposable
{
    private static readonly JobKey Key = new("https://gitlab.example.com", "abc", 1);
    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-run-").FullName);
    private readonly Machine _machine;
    private readonly JobRun _run;

    public JobRunTests()
    {
        _machine = TestMachine.Of(TestMachine.Settings(_state), new FakeGuestShell());
        _run = new JobRun(Key, _machine, new JobLog(TextWriter.Null));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void A_record_is_read_once_it_is_there_and_then_no_more()
    {
        _run.Record.Should().BeNull();
        _run.Directory.Create(TestRecord.Of(Key, _state));

        var first = _run.Record;

        first.Should().NotBeNull();
        File.Delete(_run.Directory.Paths.Record.Value);
        _run.Record.Should().BeSameAs(first, "nothing was read again");
    }

    [Fact]
    public async Task An_update_starts_from_what_others_wrote_and_its_outcome_is_the_record()
    {
        _run.Directory.Create(TestRecord.Of(Key, _state));
        _run.Record!.Claim.Should().BeNull();
        await OtherProcessAsync(record => record with { Claim = new ClaimRecord(1, 1) });

        await _run.UpdateAsync(record => record with { Start = "warm" }, Cancellation);

        _run.Record.Should().BeEquivalentTo(new { Claim = new ClaimRecord(1, 1), Start = "warm" });
        _run.Directory.Read().Should().BeEquivalentTo(new { Claim = new ClaimRecord(1, 1), Start = "warm" });
    }

    [Fact]
    public async Task An_update_that_is_not_wanted_any_more_makes_the_record_known_that_speaks_against_it()
    {
        _run.Directory.Create(TestRecord.Of(Key, _state));
        _run.Record!.Stopped.Should().BeNull();
        await OtherProcessAsync(record => record with { Stopped = StopRecord.ByHand("root", DateTimeOffset.UnixEpoch, 1) });

        var written = await _run.UpdateAsync(record => record.Stopped is null ? record with { Start = "warm" } : null, Cancellation);

        written.Should().BeNull();
        _run.Record!.Stopped.Should().NotBeNull();
    }

    public void Dispose()
    {
        _machine.Dispose();
        Directory.Delete(_state.Value, recursive: true);
    }

    private async Task OtherProcessAsync(Func<JobRecord, JobRecord?> change)
    {
        using var other = TestMachine.Of(TestMachine.Settings(_state), new FakeGuestShell());
        await JobDirectory.Of(_state, Key).UpdateAsync(other.Locks, change, Cancellation);
    }
}
