using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Cleanup with nothing there, twice, and the polite way; an attempt after another.</summary>
public sealed class CleanupTests(TestMachine machine) : BenchTest(machine)
{
    [Fact(Timeout = HangLimit)]
    public async Task Cleanup_with_nothing_there_is_a_success()
    {
        var session = Bench.With().Open();

        var cleanup = await session.CleanupAsync();

        cleanup.ExitCode.Should().Be(0, cleanup.ToString());
        cleanup.ErrorText.Should().BeEmpty("the runner logs it as a warning");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_job_can_be_prepared_again_and_cleaned_up_twice()
    {
        var session = Bench.With().Open(new SimulatedJob { Id = 51 });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();
        (await session.RunAsync(SubStages.BuildScript, "echo first > /tmp/attempt")).ExitCode.Should().Be(0);

        var again = await session.PrepareAsync();
        var domains = await Bench.Leftovers.DomainsAsync();
        var fresh = await session.RunAsync(SubStages.BuildScript, "test ! -e /tmp/attempt");
        var cleanup = await session.CleanupAsync();
        var repeated = await session.CleanupAsync();

        again.ExitCode.Should().Be(0, again.ToString());
        domains.Should().ContainSingle();
        fresh.ExitCode.Should().Be(0, fresh.ToString());
        cleanup.ExitCode.Should().Be(0, cleanup.ToString());
        repeated.ExitCode.Should().Be(0, repeated.ToString());
    }

    [Fact(Timeout = HangLimit)]
    public async Task With_a_state_directory_that_has_become_read_only_the_VM_goes_and_the_files_are_named()
    {
        var job = new SimulatedJob { Id = 53 };
        var session = Bench.With().Open(job);
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();

        var readOnly = Bench.Open(job, options => options with
        {
            PrepareExec = "/usr/bin/unshare",
            PrepareArguments = [.. ReadOnly, options.PrepareExec],
            CleanupExec = "/usr/bin/unshare",
            CleanupArguments = [.. ReadOnly, options.CleanupExec],
        });
        await readOnly.ConfigAsync();
        var prepare = await readOnly.PrepareAsync();
        var cleanup = await readOnly.CleanupAsync();
        var domains = await Bench.Leftovers.DomainsAsync();
        var last = await session.CleanupAsync();

        prepare.ExitCode.Should().Be(StageReading.SystemFailureExitCode, prepare.ToString());
        (prepare.OutputText + prepare.ErrorText).Should().Contain("VMX1503").And.Contain("Read-only file system").And.Contain(Bench.StateDirectory);
        cleanup.ExitCode.Should().Be(StageReading.SystemFailureExitCode, cleanup.ToString());
        cleanup.ErrorText.Should().Contain("VMX1504").And.Contain("Read-only file system");
        domains.Should().BeEmpty("a VM needs no files to be ended");
        last.ExitCode.Should().Be(0, last.ToString());
    }

    private string[] ReadOnly =>
    [
        "--mount", "--propagation", "private", "sh", "-c",
        $"mount --bind {Bench.StateDirectory} {Bench.StateDirectory} && mount -o remount,bind,ro {Bench.StateDirectory} && exec \"$0\"",
    ];

    [Fact(Timeout = HangLimit)]
    public async Task Stop_mode_shutdown_lets_the_guest_end_itself_and_sh_runs_the_scripts()
    {
        var session = Bench.With(new ImageYaml { Shell = "sh", StopMode = "shutdown" }).Open(new SimulatedJob { Id = 52 }, options => options with { FeatureFlags = new Dictionary<string, bool> { ["FF_POSIXLY_CORRECT_ESCAPES"] = true } });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();
        var run = await session.RunAsync(SubStages.BuildScript, "echo \"bash is '$BASH_VERSION'\"; exit 5");
        var domain = (await Bench.Leftovers.DomainsAsync()).Single();
        var (stopped, events) = await DomainEvents.WatchAsync(domain, session.CleanupAsync);

        run.Reading.ExitCode.Should().Be(5, run.ToString());
        run.OutputText.Should().Be("bash is ''\n");
        stopped.ExitCode.Should().Be(0, stopped.ToString());
        events.Should().Contain("Stopped Shutdown", "the guest powered itself off; 'Stopped Destroyed' would be the power cut");
    }
}
