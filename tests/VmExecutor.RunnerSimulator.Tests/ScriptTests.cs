using FluentAssertions;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.RunnerSimulator.Tests;

/// <summary>docs/runner-contract.md section 2: the scripts, run here by a driver that just executes them on the host.</summary>
public sealed class ScriptTests : SimulatorTest
{
    [Theory(Timeout = HangLimit)]
    [InlineData("bash", false)]
    [InlineData("bash", true)]
    [InlineData("sh", true)]
    public async Task A_script_has_the_runners_shape_and_runs(string shell, bool posix)
    {
        Driver.Does(Stage.Config, Answer(shell)).Does(Stage.Run, "stat -c %a $1 > $NOTES/mode; " + StubDriver.RunScript);
        var job = new SimulatedJob { Script = ["echo \"it's $CI_JOB_ID\"", "readlink /proc/self/fd/0"] };

        var result = await RunAsync(job, Driver.Options with { PosixlyCorrectEscapes = posix });

        result.State.Should().Be(JobState.Success, result.ToString());
        Driver.Note("mode").Should().Be("700");
        Driver.Note("build_script.script").Should().StartWith($"#!/usr/bin/env {shell}\n").And.Contain("trap 'exit 1' TERM").And.Contain("errexit");
        result.Last(Stage.Run, SubStages.BuildScript).OutputText.Should().Contain("it's 1001\n").And.Contain("/dev/null\n");
    }

    [Fact(Timeout = HangLimit)]
    public async Task Without_the_feature_flag_a_script_is_quoted_as_dash_may_not_read_it()
    {
        Driver.Does(Stage.Config, Answer("sh")).Does(Stage.Run, StubDriver.RunScript);
        using var ask = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sh", ["-c", "test $'\\x41' = A"]))!;
        await ask.WaitForExitAsync(TestToken);

        var result = await RunAsync(new SimulatedJob());
        var flagged = await RunAsync(new SimulatedJob { Variables = [new("FF_POSIXLY_CORRECT_ESCAPES", "true")] });

        (result.State == JobState.Success).Should().Be(ask.ExitCode == 0, result.ToString());
        flagged.State.Should().Be(JobState.Success, flagged.ToString());
        Driver.Note("build_script.script").Should().Contain("\neval \"");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_script_ends_at_the_first_command_that_fails_even_in_a_pipe()
    {
        Driver.Does(Stage.Config, Answer("bash")).Does(Stage.Run, StubDriver.RunScript);

        var result = await RunAsync(new SimulatedJob { Script = ["false | cat", "echo unreached-$((1+1))"] });

        result.State.Should().Be(JobState.Failed);
        result.TraceText.Should().NotContain("unreached-2");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_file_variable_is_a_path_in_the_script_and_is_removed_in_the_end()
    {
        Driver.Does(Stage.Config, Answer("bash")).Does(Stage.Run, StubDriver.RunScript);
        var job = new SimulatedJob
        {
            Script = ["echo path=$SETTINGS; cat $SETTINGS"],
            Variables = [new("SETTINGS", "first\nsecond") { File = true }],
        };

        var result = await RunAsync(job);

        var path = Path.Combine(Driver.Notes, "builds/group/project.tmp/SETTINGS");
        result.TraceText.Should().Contain($"path={path}\nfirst\nsecond");
        File.Exists(path).Should().BeFalse();
    }

    [Fact(Timeout = HangLimit)]
    public async Task Get_sources_checks_the_commit_out()
    {
        Driver.Does(Stage.Config, Answer("bash")).Does(Stage.Run, "export HOME=$NOTES; " + StubDriver.RunScript);
        var repository = Path.Combine(Driver.Notes, "repository");
        var sha = await CommitAsync(repository);

        var result = await RunAsync(new SimulatedJob { Git = new GitSource($"file://{repository}", sha), Script = ["cat hello"] });

        result.State.Should().Be(JobState.Success, result.ToString());
        result.Last(Stage.Run, SubStages.BuildScript).OutputText.Should().EndWith("world\n");
    }

    [Fact(Timeout = HangLimit)]
    public async Task Caches_without_a_runner_in_the_guest_give_a_warning_and_success()
    {
        Driver.Does(Stage.Config, Answer("bash")).Does(Stage.Run, StubDriver.RunScript);

        var result = await RunAsync(new SimulatedJob { HasCache = true });

        result.State.Should().Be(JobState.Success);
        result.TraceText.Should().Contain("Missing gitlab-runner. Extracting cache is disabled.");
    }

    private string Answer(string shell) =>
        $$"""echo '{"builds_dir":"{{Driver.Notes}}/builds","cache_dir":"/c","shell":"{{shell}}"}'""";

    private static async Task<string> CommitAsync(string repository)
    {
        const string Script = """
            set -e
            git init -q -b main "$1"; cd "$1"
            echo world > hello; git add hello
            git -c user.name=t -c user.email=t@example.com commit -q -m first
            git rev-parse HEAD
            """;
        using var git = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("bash", ["-c", Script, "bash", repository]) { RedirectStandardOutput = true })!;
        var sha = await git.StandardOutput.ReadToEndAsync(TestToken);
        await git.WaitForExitAsync(TestToken);
        return sha.Trim();
    }
}
