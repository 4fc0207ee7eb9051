using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Egress;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Leftovers;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Leftovers;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Program.Tests.Faults;
using Xunit;

namespace VmExecutor.Program.Tests.Keeping;

/// <summary>The VM of a failed job: promised by run, kept by cleanup, ended by gc.</summary>
public sealed class KeepOnFailureTests : IDisposable
{
    private static readonly JobKey Key = StageWorld.Key;
    private readonly StageWorld _world = new() { KeepFailed = new KeepSettings { For = TimeSpan.FromHours(2) } };

    public KeepOnFailureTests() => _world.GuestShell.CommandOutput = "vmx-secrets:removed\n";

    public void Dispose() => _world.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task A_failed_jobs_VM_stays_and_the_job_log_has_the_command_to_enter_it()
    {
        await _world.PrepareAsync();
        await _world.FailAsync(Key);

        (await _world.TryKeepAsync(Key)).Should().BeTrue();
        _world.DeleteTemporaryDirectory();

        _world.Log.ToString().Should().Contain("This VM is kept for 2h after the job, without the job's secrets and processes").And.Contain($"\n  vm-executor ssh {Key}\n");
        (await _world.CollectAsync()).Leftovers.Should().BeEmpty();
        _world.Hypervisor.Domains.Should().ContainKey(Key.Domain.Value);
        _world.GuestShell.Calls.Should().Contain("command").And.EndWith("close");
    }

    [Fact(Timeout = 60_000)]
    public async Task Its_time_ends_it_and_the_ledger_says_how_the_job_ended()
    {
        await KeepAsync();
        Age(TimeSpan.FromHours(2) + TimeSpan.FromMinutes(1));

        (await _world.CollectAsync()).Leftovers.Should().ContainSingle().Which.Reason.Should().Be(LeftoverReason.TimeOver);

        _world.Left().Should().BeEmpty();
        _world.Ledger().Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { Result = "failed", Reason = "time_over", RemovedBy = "gc" }, options => options.ExcludingMissingMembers());
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_that_has_not_failed_goes_as_ever()
    {
        await _world.PrepareAsync();

        (await _world.TryKeepAsync(Key)).Should().BeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task An_image_that_keeps_nothing_promises_nothing()
    {
        _world.KeepFailed = new KeepSettings();
        await _world.PrepareAsync();

        await _world.FailAsync(Key);

        _world.Log.ToString().Should().NotContain("VM is kept");
        (await _world.TryKeepAsync(Key)).Should().BeFalse();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("", null)]
    [InlineData("vmx-secrets", null)]
    [InlineData("vmx-secrets:removed", "command")]
    [InlineData("vmx-secrets:removed", "connect")]
    public async Task A_guest_whose_secrets_may_still_be_there_does_not_stay(string answer, string? failing)
    {
        _world.GuestShell.CommandOutput = answer;
        await _world.PrepareAsync();
        await _world.FailAsync(Key);
        _world.GuestShell.Before = call =>
        {
            if (call == failing)
            {
                throw new GuestConnectionLostException("the connection was lost");
            }
        };

        (await _world.TryKeepAsync(Key)).Should().BeFalse();

        _world.Log.ToString().Should().Contain("is not kept");
        _world.JobDirectory.Read()!.Kept.Should().BeFalse();
        await _world.CleanupAsync();
        _world.Left().Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_cleanup_that_is_killed_while_it_removes_secrets_leaves_a_leftover()
    {
        await _world.PrepareAsync();
        await _world.FailAsync(Key);
        using var killed = new CancellationTokenSource();
        _world.GuestShell.Before = call =>
        {
            if (call == "command")
            {
                killed.Cancel();
                throw new OperationCanceledException();
            }
        };

        (await _world.TryKeepAsync(Key, killed.Token)).Should().BeFalse();
        _world.DeleteTemporaryDirectory();

        (await _world.CollectAsync()).Leftovers.Should().ContainSingle().Which.Outcome.Should().Be(CollectionOutcome.Removed);
        _world.Left().Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task Those_who_stay_already_keep_their_places()
    {
        _world.Limits = new LimitSettings { MaxKept = 1 };
        await KeepAsync();
        var second = new JobKey("https://gitlab.example.com", "abc", 2);
        _world.Keys.Add(second);
        await _world.PrepareAsync(second, CancellationToken.None);

        await _world.FailAsync(second);

        _world.Log.ToString().Should().Contain("This VM will not be kept: 1 of failed jobs are kept already ('limits: max_kept'): " + Key);
        (await _world.TryKeepAsync(second)).Should().BeFalse();
        _world.JobDirectory.Read()!.Kept.Should().BeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_host_that_allows_none_says_so()
    {
        _world.Limits = new LimitSettings { MaxKept = 0 };
        await _world.PrepareAsync();

        await _world.FailAsync(Key);

        _world.Log.ToString().Should().Contain("'limits: max_kept' of this host allows none");
    }

    [Fact(Timeout = 60_000)]
    public async Task The_next_cleanup_removes_it()
    {
        await KeepAsync();

        (await _world.TryKeepAsync(Key)).Should().BeFalse("it stays already, so its end was asked for");
        await _world.CleanupAsync();

        _world.Left().Should().BeEmpty();
        _world.Ledger().Should().ContainSingle().Which.Result.Should().Be("failed", "that is how the job ended");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_VM_that_try_kept_goes_with_the_cleanup_that_it_names()
    {
        await _world.PrepareAsync();
        await _world.FailAsync(Key);
        TestRecord.Put(_world.JobDirectory, _world.JobDirectory.Read()! with { Kept = true });

        (await _world.TryKeepAsync(Key)).Should().BeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_kept_VM_takes_its_place_of_the_hosts_capacity()
    {
        await KeepAsync();
        _world.Processes.Add(Host.Processes.JobProcessKind.Qemu, Key);
        _world.Limits = new LimitSettings { MaxVms = 1, WaitForCapacity = TimeSpan.FromMilliseconds(300) };
        var second = new JobKey("https://gitlab.example.com", "abc", 2);
        _world.Keys.Add(second);

        var prepare = () => _world.PrepareAsync(second, CancellationToken.None);

        (await prepare.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(ErrorCodes.CapacityExhausted);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_refusals_of_its_services_which_go_before_it_are_in_its_line_of_the_ledger(bool isKept)
    {
        await _world.PrepareAsync();
        await _world.FailAsync(Key);
        var service = JobDirectory.Of(_world.StateDir, Key.OfService(0));
        var record = TestRecord.Of(service.Key, _world.StateDir);
        service.Create(record with { Stamp = record.Stamp with { Image = "database" }, Start = "warm", Egress = new EgressRecord("strict", Watches: false, []) });
        var refused = new EgressNotes { Policy = "strict" };
        refused.Refused["evil.test"] = 3;
        await File.WriteAllTextAsync(service.Paths.Egress.Value, refused.ToJson(), TestContext.Current.CancellationToken);
        _world.GuestShell.Before = call =>
        {
            if (call == "close" && !isKept)
            {
                throw new GuestConnectionLostException("the connection was lost");
            }
        };

        (await _world.TryKeepAsync(Key)).Should().Be(isKept);
        service.Exists.Should().BeFalse();
        _world.GuestShell.Before = null;
        await _world.CleanupAsync();

        var line = _world.Ledger().Should().ContainSingle().Which.Services.Should().ContainSingle().Which;
        line.Should().BeEquivalentTo(new { Domain = service.Key.Domain.Value, Image = "database", Start = "warm" }, options => options.ExcludingMissingMembers());
        line.Egress!.Refused.Should().Contain("evil.test", 3);
    }

    private async Task KeepAsync()
    {
        await _world.PrepareAsync();
        await _world.FailAsync(Key);
        (await _world.TryKeepAsync(Key)).Should().BeTrue();
    }

    /// <summary>As if its job had begun so much earlier.</summary>
    private void Age(TimeSpan time)
    {
        var record = _world.JobDirectory.Read()!;
        TestRecord.Put(_world.JobDirectory, record with { Stamp = record.Stamp with { Made = record.Stamp.Made with { SinceBoot = record.Stamp.Made.SinceBoot - time } } });
    }
}
