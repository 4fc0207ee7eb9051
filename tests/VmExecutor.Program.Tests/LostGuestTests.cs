using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Guests;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Observing;
using VmExecutor.Program.Tests.Faults;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>The run stage's messages when the connection to its guest is lost.</summary>
public sealed class LostGuestTests : IDisposable
{
    private readonly AbsolutePath _state = new(Directory.CreateTempSubdirectory("vmx-lost-").FullName);
    private readonly JobKey _key = new("https://gitlab.example.com", "abc", 1);
    private readonly FakeHypervisor _hypervisor = new();
    private readonly FakeGuestShell _guestShell = new();
    private readonly StringWriter _log = new();

    public LostGuestTests()
    {
        _hypervisor.Domains[_key.Domain.Value] = "<domain/>";
        _guestShell.Before = _ => throw new GuestConnectionLostException("the connection was lost");
        JobDirectory.Of(_state, _key).Create(TestRecord.Of(_key, _state) with { Guest = new GuestRecord("127.0.0.1", 1, "ci", "/key", [], "bash") });
        File.WriteAllText(_state.Child("script").Value, "true\n");
    }

    private Core.Clones.JobPaths Paths => Core.Clones.JobPaths.For(_state, _key);

    public void Dispose()
    {
        _hypervisor.Dispose();
        _log.Dispose();
        Directory.Delete(_state.Value, recursive: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task With_the_vm_alive_it_is_a_lost_connection()
    {
        await File.WriteAllTextAsync(Paths.Console.Value, "eth0: link is down\n");

        await RunAsync(ErrorCodes.GuestConnectionLost);

        _log.ToString().Should().Contain("is still running").And.Contain("| eth0: link is down");
    }

    [Fact(Timeout = 60_000)]
    public async Task With_a_panic_on_the_console_of_a_vm_that_only_stands_still_that_is_the_reason()
    {
        await File.WriteAllTextAsync(Paths.Console.Value, "[  1.2] Kernel panic - not syncing: Fatal exception\n");

        await RunAsync(ErrorCodes.GuestDied);
    }

    [Fact(Timeout = 60_000)]
    public async Task With_the_vm_gone_that_is_the_reason()
    {
        _hypervisor.Domains.Clear();

        await RunAsync(ErrorCodes.GuestDied);
    }

    [Fact(Timeout = 60_000)]
    public async Task With_libvirt_in_trouble_too_it_is_still_a_lost_connection_and_both_are_said()
    {
        _hypervisor.Before = _ => throw FakeHypervisor.Refusal(ErrorCodes.HypervisorUnreachable);

        await RunAsync(ErrorCodes.GuestConnectionLost);

        _log.ToString().Should().Contain("is still running is not known: libvirt says no");
    }

    [Fact(Timeout = 60_000)]
    public async Task With_a_libvirt_that_does_not_answer_the_look_is_over_in_time_and_no_cancel()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        _hypervisor.Hangs = true;

        await time.RunAsync(RunAsync(ErrorCodes.GuestConnectionLost, time));

        _log.ToString().Should().Contain("did not answer within 10s");
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_end_of_the_vm_is_told_once(bool vmIsGone)
    {
        await File.WriteAllTextAsync(Paths.Console.Value, "last words\n");
        if (vmIsGone)
        {
            _hypervisor.Domains.Clear();
        }

        foreach (var subStage in new[] { "step_script", "after_script", "cleanup_file_variables" })
        {
            (await EndAsync(subStage)).Should().Be(2);
        }

        var code = vmIsGone ? ErrorCodes.GuestDied : ErrorCodes.GuestConnectionLost;
        var lines = _log.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Should().ContainSingle(line => line == "  | last words");
        lines.Should().ContainSingle(line => line.StartsWith("What to do: "));
        lines.Where(line => line.StartsWith($"ERROR {code}: ")).Should().HaveCount(3);
        lines[^2..].Should().OnlyContain(line => line.StartsWith($"ERROR {code}: ") && line.Contains("is above") && line.Contains("step_script"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_job_whose_author_must_act_still_fails_as_one_when_that_was_told()
    {
        var directory = JobDirectory.Of(_state, _key);
        TestRecord.Put(directory, directory.Read()! with { Stopped = new StopRecord(ErrorCodes.OverlayTooLarge.Number, IsBuildFailure: true, "too much was written", "Write less.", 1) });

        (await EndAsync("step_script")).Should().Be(1);
        (await EndAsync("after_script")).Should().Be(1);

        _log.ToString().Split('\n').Where(line => line.Contains("too much was written")).Should().ContainSingle();
        _log.ToString().Should().Contain("the error is above, in section 'step_script'");
    }

    [Fact(Timeout = 60_000)]
    public async Task Another_failure_than_the_one_that_was_told_is_told_as_well()
    {
        await EndAsync("step_script");
        _hypervisor.Domains.Clear();

        await EndAsync("after_script");

        _log.ToString().Should().Contain($"ERROR {ErrorCodes.GuestConnectionLost}: the connection").And.Contain($"ERROR {ErrorCodes.GuestDied}: the job's VM").And.NotContain("the error is above");
    }

    /// <summary>As the program's run stage: its exit code.</summary>
    private async Task<int> EndAsync(string subStage)
    {
        var environment = new StageEnvironment(new Dictionary<string, string> { ["SYSTEM_FAILURE_EXIT_CODE"] = "2", ["BUILD_FAILURE_EXIT_CODE"] = "1" });
        var settings = TestMachine.Settings(_state);
        var stage = TestMachine.RunStage(TestMachine.Of(settings, _guestShell, _hypervisor));
        var job = new Job { Key = _key, Id = 1, Server = "https://gitlab.example.com", Timeout = TimeSpan.FromHours(1) };
        var log = new JobLog(_log);
        try
        {
            var exit = await stage.RunAsync(job, _state.Child("script"), subStage, log, new JobLog(TextWriter.Null), CancellationToken.None);
            return ExitCodes.For(exit, environment);
        }
        catch (DriverException e)
        {
            return ExitCodes.For(e, environment, log);
        }
    }

    private async Task RunAsync(ErrorCode expected, TimeProvider? time = null)
    {
        var settings = TestMachine.Settings(_state);
        var stage = TestMachine.RunStage(TestMachine.Of(settings, _guestShell, _hypervisor, time));
        var job = new Job { Key = _key, Id = 1, Server = "https://gitlab.example.com", Timeout = TimeSpan.FromHours(1) };

        var run = () => stage.RunAsync(job, _state.Child("script"), "build_script", new JobLog(_log), new JobLog(TextWriter.Null), CancellationToken.None);

        (await run.Should().ThrowAsync<SystemFailureException>()).Which.Code.Should().Be(expected);
    }
}
