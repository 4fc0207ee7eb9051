using FluentAssertions;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.RunnerSimulator.Tests;

/// <summary>docs/runner-contract.md sections 3 and 6: attempts, and config's answer.</summary>
public sealed class PreparationTests : SimulatorTest
{
    [Theory(Timeout = HangLimit)]
    [InlineData("exit 2")]
    [InlineData("exit 7")]
    [InlineData("kill -KILL $$")]
    public async Task A_failing_prepare_is_tried_three_times_with_cleanup_between(string body)
    {
        Driver.Does(Stage.Prepare, $"pwd >> $NOTES/cwd; {body}");

        var result = await RunAsync();

        Driver.Calls.Should().Equal("config", "prepare", "cleanup", "config", "prepare", "cleanup", "config", "prepare", "cleanup");
        Driver.Note("cwd").Split('\n').Should().OnlyHaveUniqueItems();
        result.FailureReason.Should().Be(FailureReason.RunnerSystemFailure);
        result.TraceText.Should().Contain("Will be retried in 0s");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_prepare_that_works_at_the_second_attempt_is_enough()
    {
        Driver.Does(Stage.Prepare, "[ $(grep -c prepare $NOTES/calls) = 2 ] || exit 2");

        var result = await RunAsync();

        result.State.Should().Be(JobState.Success);
        Driver.Calls.Take(5).Should().Equal("config", "prepare", "cleanup", "config", "prepare");
    }

    [Theory(Timeout = HangLimit)]
    [InlineData(Stage.Config, "config", "cleanup")]
    [InlineData(Stage.Prepare, "config", "prepare", "cleanup")]
    public async Task A_build_failure_is_not_retried(Stage stage, params string[] calls)
    {
        Driver.Does(stage, "exit 1");

        var result = await RunAsync();

        Driver.Calls.Should().Equal(calls);
        result.FailureReason.Should().Be(FailureReason.ScriptFailure);
    }

    [Theory(Timeout = HangLimit)]
    [InlineData(100_000, true)]
    [InlineData(200_000, false)]
    public async Task A_variable_longer_than_execve_takes_ends_the_job_before_the_driver_is_called(int length, bool isTaken)
    {
        var result = await RunAsync(new SimulatedJob { Variables = [new("LONG", new string('x', length)) { File = true }] });

        Driver.Calls.Contains("config").Should().Be(isTaken);
        result.State.Should().Be(isTaken ? JobState.Success : JobState.Failed, result.ToString());
        result.Stages.Count(stage => stage.Reading.Message.Contains("config: Argument list too long", StringComparison.Ordinal)).Should().Be(isTaken ? 0 : 3);
    }

    [Theory(Timeout = HangLimit)]
    [InlineData("$CI_BUILDS_DIR/elsewhere", false, "setting GIT_CLONE_PATH is not allowed, enable `custom_build_dir` feature")]
    [InlineData("$CI_BUILDS_DIR/elsewhere", true, null)]
    [InlineData("${CI_BUILDS_DIR}/elsewhere", true, null)]
    [InlineData("/elsewhere", true, "the GIT_CLONE_PATH=\"/elsewhere\" has to be within \"/b\"")]
    public async Task A_clone_path_needs_a_switch_of_config_toml_and_a_place_among_the_builds(string path, bool isEnabled, string? refusal)
    {
        Driver.Does(Stage.Run, "echo $2 $CUSTOM_ENV_CI_PROJECT_DIR >> $NOTES/directories");

        var result = await RunAsync(new SimulatedJob { Variables = [new("GIT_CLONE_PATH", path)] }, Driver.Options with { CustomBuildDirectory = isEnabled });

        result.Stages.Count(stage => stage.Stage == Stage.Config).Should().Be(1, "it is not tried again");
        if (refusal is null)
        {
            Driver.Note("directories").Should().Contain("build_script /b/elsewhere\n");
        }
        else
        {
            result.FailureReason.Should().Be(FailureReason.ScriptFailure);
            result.TraceText.Should().Contain($"ERROR: Job failed: {refusal}\n");
            Driver.Calls.Should().Equal("config", "cleanup");
        }
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_missing_executable_is_retried()
    {
        var result = await RunAsync(options: Driver.Options with { PrepareExec = "/nonexistent/prepare" });

        Driver.Calls.Should().Equal("config", "cleanup", "config", "cleanup", "config", "cleanup");
        result.FailureReason.Should().Be(FailureReason.RunnerSystemFailure);
        result.TraceText.Should().Contain("/nonexistent/prepare");
    }

    [Theory(Timeout = HangLimit)]
    [InlineData("echo hello")]
    [InlineData("echo '{\"builds_dir\":\"/b\"} trailing'")]
    [InlineData("echo '{\"builds_dir\":7}'")]
    [InlineData("echo '{\"builds_dir\":\"/b\",\"builds_dir_is_shared\":\"yes\"}'")]
    [InlineData("echo '{\"builds_dir\":\"/b\",\"job_env\":{\"N\":1}}'")]
    [InlineData("echo '[]'")]
    public async Task An_answer_that_is_not_pure_json_of_the_right_types_is_retried(string body)
    {
        Driver.Does(Stage.Config, body);

        var result = await RunAsync();

        Driver.Calls.Should().Equal("config", "cleanup", "config", "cleanup", "config", "cleanup");
        result.FailureReason.Should().Be(FailureReason.RunnerSystemFailure);
    }

    [Fact(Timeout = HangLimit)]
    public async Task Unknown_keys_are_ignored_and_the_known_ones_used()
    {
        Driver.Does(Stage.Config, """
            echo '{"builds_dir":"/b","cache_dir":"/c","builds_dir_is_shared":true,"hostname":"vm-7","shell":"sh","new":[1],
                   "driver":{"name":"stub","version":"v3"}}'
            """).Does(Stage.Run, "head -1 $1 >> $NOTES/shebangs; [ $2 != prepare_script ] || $1");

        var result = await RunAsync();

        result.TraceText.Should().Contain("Using Custom executor with driver stub v3...").And.Contain("via vm-7...");
        Driver.Note("shebangs").Split('\n').Should().OnlyContain(line => line == "#!/usr/bin/env sh");
        result.Last(Stage.Run).Environment["CUSTOM_ENV_CI_PROJECT_DIR"].Should().Be("/b/t1_simulat/0/group/project");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_prepare_that_outlasts_its_time_gets_SIGTERM_and_is_retried()
    {
        Driver.Does(Stage.Prepare, "exec sleep 60");

        var result = await RunAsync(options: Driver.Options with { PrepareTimeout = TimeSpan.FromMilliseconds(200) });

        Driver.Calls.Count(call => call == "prepare").Should().Be(3);
        result.Last(Stage.Prepare).Signals.Select(signal => signal.Number).Should().Equal(15);
        result.FailureReason.Should().Be(FailureReason.RunnerSystemFailure);
    }
}
