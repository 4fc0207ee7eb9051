using FluentAssertions;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Scripts;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.RunnerSimulator.Tests;

/// <summary>docs/runner-contract.md section 2: the scripts, run here by a driver that just executes them on the host.</summary>
public sealed class ScriptTests : SimulatorTest
{
    [Theory(Timeout = HangLimit)]
    [InlineData("bash", false, ScriptFrame.NullInput)]
    [InlineData("bash", true, ScriptFrame.NullInput)]
    [InlineData("sh", true, ScriptFrame.NullInput)]
    [InlineData("bash", false, ScriptFrame.EmptyPipe)]
    [InlineData("bash", true, ScriptFrame.EmptyPipe)]
    [InlineData("sh", true, ScriptFrame.EmptyPipe)]
    public async Task A_script_has_the_runners_shape_and_runs(string shell, bool posix, ScriptFrame frame)
    {
        Driver.Does(Stage.Config, Answer(shell)).Does(Stage.Run, "stat -c %a $1 > $NOTES/mode; " + StubDriver.RunScript);
        var job = new SimulatedJob { Script = ["echo \"it's $CI_JOB_ID\"", "wc -c"] };

        var result = await RunAsync(job, Driver.Options with { ScriptFrame = frame, FeatureFlags = On(posix ? [Posix] : []) });

        result.State.Should().Be(JobState.Success, result.ToString());
        Driver.Note("mode").Should().Be("700");
        Driver.Note("build_script.script").Should().MatchRegex(
            $"^#!/usr/bin/env {shell}\n\n"
            + (frame == ScriptFrame.EmptyPipe ? "trap exit 1 TERM" : "trap 'exit 1' TERM")
            + "\n\nif set -o \\| grep pipefail > /dev/null; then set -o pipefail; fi; set -o errexit\nset \\+o noclobber\n"
            + (frame == ScriptFrame.EmptyPipe ? ": \\| eval " : "eval ") + (posix ? "\"(?s).*\"" : "\\$'.*'")
            + (frame == ScriptFrame.EmptyPipe ? "" : " < /dev/null") + "\nexit 0$");
        result.Last(Stage.Run, SubStages.BuildScript).OutputText.Should().Contain("it's 1001\n").And.EndWith("\n0\n", "the script's stdin is empty");
    }

    [Theory(Timeout = HangLimit)]
    [InlineData(ScriptFrame.NullInput, "(exit 7)", 7)]
    [InlineData(ScriptFrame.EmptyPipe, "(exit 7)", 7)]
    [InlineData(ScriptFrame.NullInput, "exit 7", 7)]
    [InlineData(ScriptFrame.EmptyPipe, "exit 7", 7)]
    [InlineData(ScriptFrame.NullInput, "exit 0", 0)]
    [InlineData(ScriptFrame.EmptyPipe, "exit 0", 0)]
    public async Task A_scripts_exit_code_comes_out_of_each_frame(ScriptFrame frame, string command, int exitCode)
    {
        // bash makes 1 of it in the older frame, which is why the runner got the flag of the subshell.
        var isLost = frame == ScriptFrame.EmptyPipe && command == "(exit 7)";
        foreach (var flags in new[] { On(), On(Subshell), On(CheckEach), On(Subshell, CheckEach) })
        {
            Driver.Does(Stage.Config, Answer("bash")).Does(Stage.Run, StubDriver.RunScript);

            var result = await RunAsync(new SimulatedJob { Script = [command] }, Driver.Options with { ScriptFrame = frame, FeatureFlags = flags });

            result.Last(Stage.Run, SubStages.BuildScript).ExitCode.Should().Be(isLost && !flags.ContainsKey(Subshell) ? 1 : exitCode, string.Join(' ', flags.Keys));
        }
    }

    [Theory(Timeout = HangLimit)]
    [InlineData(Subshell, "eval (eval $'")]
    [InlineData(CheckEach, "_runner_exit_code=$?; if [ $_runner_exit_code -ne 0 ]; then exit $_runner_exit_code; fi")]
    [InlineData(Sections, @"section_start:$(date +%s):section_script_step_1[hide_duration=true,collapsed=true]\r\x1b[0K$\'\\x1b[32;1m$ echo a\\necho b\\x1b[0;m\'\n")]
    public async Task A_feature_flag_changes_the_scripts_text(string flag, string text)
    {
        Driver.Does(Stage.Config, Answer("bash")).Does(Stage.Run, StubDriver.RunScript);
        var job = new SimulatedJob { Script = ["true", "echo a\necho b"] };

        var plain = await RunAsync(job);
        var without = Driver.Note("build_script.script");
        var flagged = await RunAsync(job, Driver.Options with { FeatureFlags = On(flag) });

        (plain.State, flagged.State).Should().Be((JobState.Success, JobState.Success), flagged.ToString());
        var wanted = text.Replace("eval (", "(", StringComparison.Ordinal);
        without.Should().NotContain(wanted).And.Contain("# collapsed multi-line command");
        Driver.Note("build_script.script").Should().Contain(wanted);
        flagged.Last(Stage.Run, SubStages.BuildScript).OutputText.Should().EndWith("a\nb\n");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_traced_script_shows_each_command()
    {
        Driver.Does(Stage.Config, Answer("bash")).Does(Stage.Run, StubDriver.RunScript);

        var result = await RunAsync(new SimulatedJob { Variables = [new("CI_DEBUG_TRACE", "true")], Script = ["echo $((20+3))"] });

        result.Last(Stage.Run, SubStages.BuildScript).ErrorText.Should().Contain("+ echo 23\n");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_script_exports_every_variable_and_keeps_its_own_files_beside_the_project()
    {
        Driver.Does(Stage.Config, Answer("bash")).Does(Stage.Run, StubDriver.RunScript);
        var job = new SimulatedJob
        {
            Script = ["ls -A $CI_PROJECT_DIR.tmp", "echo NEXT='from the script' >> $GITLAB_ENV"],
            AfterScript = ["echo next=$NEXT", "echo odd=$ODD", "env | grep -c ^FF_"],
            Variables = [new("ODD", "a;b 'c' \"$HOME\" \\ é\nnext line")],
        };

        var result = await RunAsync(job);

        result.State.Should().Be(JobState.Success, result.ToString());
        result.Last(Stage.Run, SubStages.BuildScript).OutputText.Should().Contain("gitlab_runner_env\n");
        result.Last(Stage.Run, SubStages.AfterScript).OutputText.Should().Contain("Running after script...").And.Contain("next='from the script'\n".Replace("'", "", StringComparison.Ordinal))
            .And.Contain("odd=a;b 'c' \"$HOME\" \\ é next line\n").And.EndWith($"\n{ScriptSettings.Flags.Count}\n");
        Directory.GetFileSystemEntries(Path.Combine(Driver.Notes, "builds/group/project.tmp")).Should().BeEmpty("cleanup_file_variables removes them");
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

        result.State.Should().Be(JobState.Success, result.ToString());
        result.TraceText.Should().Contain("Missing gitlab-runner. Extracting cache is disabled.");
    }

    private const string Posix = "FF_POSIXLY_CORRECT_ESCAPES";
    private const string Subshell = "FF_USE_NEW_BASH_EVAL_STRATEGY";
    private const string CheckEach = "FF_ENABLE_BASH_EXIT_CODE_CHECK";
    private const string Sections = "FF_SCRIPT_SECTIONS";

    private static Dictionary<string, bool> On(params IEnumerable<string> flags) => flags.ToDictionary(flag => flag, _ => true);

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
