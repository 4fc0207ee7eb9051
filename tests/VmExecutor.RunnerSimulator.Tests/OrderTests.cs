using FluentAssertions;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.RunnerSimulator.Tests;

/// <summary>docs/runner-contract.md section 2: arguments and order.</summary>
public sealed class OrderTests : SimulatorTest
{
    [Fact(Timeout = HangLimit)]
    public async Task A_minimal_job_has_four_sub_stages()
    {
        var result = await RunAsync();

        Driver.Calls.Should().Equal(
            "config", "prepare", "run prepare_script", "run get_sources", "run build_script", "run cleanup_file_variables", "cleanup");
        result.State.Should().Be(JobState.Success);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_job_with_everything_has_every_sub_stage_in_order()
    {
        var job = new SimulatedJob
        {
            HasCache = true,
            HasDependencies = true,
            HasArtifacts = true,
            AfterScript = ["true"],
            FurtherSteps = new Dictionary<string, string> { ["release"] = "true" },
        };

        var result = await RunAsync(job);

        result.SubStages.Should().Equal(
            "prepare_script", "get_sources", "restore_cache", "download_artifacts", "build_script", "step_release", "after_script",
            "archive_cache", "upload_artifacts_on_success", "cleanup_file_variables");
    }

    [Fact(Timeout = HangLimit)]
    public async Task Steps_come_as_a_script_and_a_variable_and_as_a_list_in_the_job_response()
    {
        const string Steps = """[{"name":"a","script":"echo '$X'"}]""";
        Driver.Does(Stage.Run, "[ $2 != build_script ] || { cp $1 $NOTES/script; cp $JOB_RESPONSE_FILE $NOTES/response; printf '%s' \"$CUSTOM_ENV_STEPS\" > $NOTES/steps; }");

        var result = await RunAsync(new SimulatedJob { Run = Steps });

        result.State.Should().Be(JobState.Success, result.ToString());
        Driver.Note("steps").Should().Be(Steps);
        Driver.Note("script").Should().Contain(@"export STEPS=$\'[{""name"":""a"",""script"":""echo \\\'$X\\\'""}]\'\n").And.Contain(@"\nstep-runner ci\n'");
        using var response = System.Text.Json.JsonDocument.Parse(Driver.Note("response"));
        response.RootElement.GetProperty("run")[0].GetProperty("name").GetString().Should().Be("a");
        response.RootElement.GetProperty("steps")[0].GetProperty("script")[0].GetString().Should().Be("step-runner ci");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_job_of_the_runners_own_has_no_server_no_project_and_a_sub_stage_more()
    {
        Driver.Does(Stage.Prepare, "cp $JOB_RESPONSE_FILE $NOTES/response; env > $NOTES/environment");

        var result = await RunAsync(new SimulatedJob { Id = 0, IsSynthetic = true });

        result.SubStages.Should().Equal("prepare_script", "get_sources", "boot_verify_probes", "build_script", "cleanup_file_variables");
        Driver.Note("environment").Should().NotContainAny("CUSTOM_ENV_CI_PROJECT_PATH=", "CUSTOM_ENV_CI_SERVER_URL=", "CUSTOM_ENV_CI_JOB_TOKEN=").And.Contain("CUSTOM_ENV_CI_PROJECT_DIR=/b/project-0\n");
        using var response = System.Text.Json.JsonDocument.Parse(Driver.Note("response"));
        response.RootElement.GetProperty("git_info").GetProperty("repo_url").GetString().Should().BeEmpty();
        response.RootElement.GetProperty("variables").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
    }

    [Fact(Timeout = HangLimit)]
    public async Task After_a_failed_script_the_rest_runs_in_its_failure_form_with_the_jobs_status()
    {
        Driver.Does(Stage.Run, "echo $2=$CUSTOM_ENV_CI_JOB_STATUS >> $NOTES/status; [ $2 != build_script ]")
            .Does(Stage.Cleanup, "echo cleanup=$CUSTOM_ENV_CI_JOB_STATUS >> $NOTES/status");
        var job = new SimulatedJob { HasCache = true, HasArtifacts = true, AfterScript = ["true"] };

        var result = await RunAsync(job);

        result.State.Should().Be(JobState.Failed);
        result.SubStages.Should().EndWith([
            "build_script", "after_script", "archive_cache_on_failure", "upload_artifacts_on_failure", "cleanup_file_variables"]);
        Driver.Note("status").Split('\n').Should().Contain(["build_script=running", "after_script=failed", "cleanup=failed"]);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_failed_after_script_leaves_the_jobs_state_alone()
    {
        Driver.Does(Stage.Run, "[ $2 != after_script ]");

        var result = await RunAsync(new SimulatedJob { AfterScript = ["true"] });

        result.State.Should().Be(JobState.Success);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_failing_get_sources_is_repeated_only_as_often_as_the_job_says()
    {
        Driver.Does(Stage.Run, "[ $2 != get_sources ]");

        var once = await RunAsync();
        var twice = await RunAsync(new SimulatedJob { Variables = [new("GET_SOURCES_ATTEMPTS", "2")] });

        once.SubStages.Should().Equal("prepare_script", "get_sources", "cleanup_file_variables");
        twice.SubStages.Should().Equal("prepare_script", "get_sources", "clear_worktree", "get_sources", "cleanup_file_variables");
    }

    [Fact(Timeout = HangLimit)]
    public async Task Only_run_gets_arguments_after_the_configured_ones()
    {
        const string Note = "echo \"$0 $*\" >> $NOTES/arguments";
        Driver.Does(Stage.Config, Note + "; echo '{\"builds_dir\":\"/b\",\"cache_dir\":\"/c\"}'")
            .Does(Stage.Prepare, Note).Does(Stage.Run, Note).Does(Stage.Cleanup, Note);
        var options = Driver.Options with { ConfigArguments = ["c"], PrepareArguments = ["p", "q"], RunArguments = ["r"], CleanupArguments = ["x y"] };

        await RunAsync(options: options);

        var lines = Driver.Note("arguments").Split('\n');
        lines[0].Should().EndWith("/config c");
        lines[1].Should().EndWith("/prepare p q");
        lines[2].Should().MatchRegex("/run r /.*/custom-executor[0-9]+/script[0-9]+/script prepare_script$");
        lines[^1].Should().EndWith("/cleanup x y");
    }
}
