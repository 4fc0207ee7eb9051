using FluentAssertions;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.RunnerSimulator.Tests;

/// <summary>docs/runner-contract.md section 3: what an exit code of run means.</summary>
public sealed class ExitCodeTests : SimulatorTest
{
    [Theory(Timeout = HangLimit)]
    [InlineData("echo 7 > $BUILD_EXIT_CODE_FILE; exit 1", 7)]
    [InlineData("printf '42\\nrest' > $BUILD_EXIT_CODE_FILE; exit 1", 42)]
    [InlineData("exit 1", 1)]
    public async Task One_is_a_script_failure_with_the_number_from_the_file(string body, int exitCode)
    {
        Driver.Does(Stage.Run, $"if [ $2 = build_script ]; then {body}; fi");

        var result = await RunAsync();

        result.State.Should().Be(JobState.Failed);
        result.FailureReason.Should().Be(FailureReason.ScriptFailure);
        result.ExitCode.Should().Be(exitCode);
    }

    [Theory(Timeout = HangLimit)]
    [InlineData(": > $BUILD_EXIT_CODE_FILE; exit 1")]
    [InlineData("echo seven > $BUILD_EXIT_CODE_FILE; exit 1")]
    [InlineData("exit 7")]
    [InlineData("exit 255")]
    [InlineData("kill -KILL $$")]
    public async Task Anything_the_contract_does_not_name_is_an_unknown_exit_code(string body)
    {
        Driver.Does(Stage.Run, $"if [ $2 = build_script ]; then {body}; fi");

        var result = await RunAsync();

        result.FailureReason.Should().Be(FailureReason.RunnerSystemFailure);
        result.Last(Stage.Run, SubStages.BuildScript).Reading.Verdict.Should().Be(Verdict.UnknownExitCode);
        result.TraceText.Should().Contain("unknown Custom executor executable exit code");
    }

    [Fact(Timeout = HangLimit)]
    public async Task Two_is_a_system_failure()
    {
        Driver.Does(Stage.Run, "[ $2 != build_script ] || exit 2");

        var result = await RunAsync();

        result.FailureReason.Should().Be(FailureReason.RunnerSystemFailure);
        result.TraceText.Should().Contain("ERROR: Job failed (system failure): exit status 2");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_number_left_by_an_earlier_sub_stage_is_attributed_to_a_later_one()
    {
        Driver.Does(Stage.Run, "case $2 in get_sources) echo 99 > $BUILD_EXIT_CODE_FILE;; build_script) exit 1;; esac");

        var result = await RunAsync();

        result.ExitCode.Should().Be(99);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_failing_cleanup_is_a_warning_in_the_job_log_and_nothing_else()
    {
        Driver.Does(Stage.Cleanup, "exit 3");

        var result = await RunAsync();

        result.State.Should().Be(JobState.Success);
        result.TraceText.Should().Contain("WARNING: Cleanup script failed: unknown Custom executor executable exit code 3");
    }
}
