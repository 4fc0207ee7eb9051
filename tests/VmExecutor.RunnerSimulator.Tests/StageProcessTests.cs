using FluentAssertions;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.RunnerSimulator.Tests;

/// <summary>docs/runner-contract.md section 1: every stage is a process.</summary>
public sealed class StageProcessTests : SimulatorTest
{
    [Fact(Timeout = HangLimit)]
    public async Task A_stage_leads_its_own_process_group_in_the_runners_session_and_nothing_stands_between()
    {
        Driver.Does(Stage.Prepare, "ps -o pid=,pgid=,sid=,ppid= -p $$ > $NOTES/ids");

        await RunAsync();

        var ids = Driver.Note("ids").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        ids[1].Should().Be(ids[0]);
        ids[2].Should().Be(SessionOfThisProcess());
        ids[3].Should().Be($"{Environment.ProcessId}");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_stage_reads_nothing_and_writes_to_two_pipes()
    {
        Driver.Does(Stage.Prepare, "readlink /proc/$$/fd/0 > $NOTES/in; readlink /proc/$$/fd/1 > $NOTES/out; readlink /proc/$$/fd/2 > $NOTES/err");

        await RunAsync();

        Driver.Note("in").Should().Be("/dev/null");
        string[] streams = [Driver.Note("out"), Driver.Note("err")];
        streams.Should().OnlyContain(stream => stream.StartsWith("pipe:")).And.OnlyHaveUniqueItems();
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_stage_inherits_no_other_file_and_has_every_signal_at_its_default()
    {
        Driver.Does(Stage.Prepare, "ls -1 /proc/$$/fd > $NOTES/fds; grep -E 'Sig(Ign|Blk)' /proc/self/status > $NOTES/signals");

        await RunAsync();

        // 255 is bash's own copy of the script it reads.
        Driver.Note("fds").Split('\n').Should().BeSubsetOf(["0", "1", "2", "255", .. FilesThisProcessWasGivenItself()]);
        // glibc's posix_spawn leaves its own signals 32 and 33 ignored (sysdeps/unix/sysv/linux/spawni.c); they are never sent.
        Driver.Note("signals").Should().MatchRegex(@"SigBlk:\s+0{16}\nSigIgn:\s+(0{7}180000000|0{16})$");
    }

    [Fact(Timeout = HangLimit)]
    public async Task Stages_of_an_attempt_share_a_private_working_directory_that_is_gone_after_cleanup()
    {
        const string Note = "pwd >> $NOTES/cwd; echo $TMPDIR >> $NOTES/cwd; stat -c %a . >> $NOTES/modes";
        Driver.Does(Stage.Config, Note + "; echo '{\"builds_dir\":\"/b\",\"cache_dir\":\"/c\"}'")
            .Does(Stage.Prepare, Note).Does(Stage.Run, Note).Does(Stage.Cleanup, Note);

        await RunAsync();

        var directory = Driver.Note("cwd").Split('\n').Distinct().Should().ContainSingle().Subject;
        Path.GetFileName(directory).Should().StartWith("custom-executor");
        Driver.Note("modes").Split('\n').Distinct().Should().Equal("700");
        Directory.Exists(directory).Should().BeFalse();
    }

    [Fact(Timeout = HangLimit)]
    public async Task The_job_response_is_readable_by_its_owner_only_and_holds_the_job()
    {
        Driver.Does(Stage.Config, "stat -c %a $JOB_RESPONSE_FILE > $NOTES/mode; cp $JOB_RESPONSE_FILE $NOTES/response; echo '{\"builds_dir\":\"/b\",\"cache_dir\":\"/c\"}'");
        var job = new SimulatedJob { Id = 77, Image = "small", Token = "glcbt-x", Variables = [new("KEY", "a\nb") { Masked = true }] };

        await RunAsync(job);

        Driver.Note("mode").Should().Be("600");
        using var response = System.Text.Json.JsonDocument.Parse(Driver.Note("response"));
        var root = response.RootElement;
        root.GetProperty("id").GetInt64().Should().Be(77);
        root.GetProperty("image").GetProperty("name").GetString().Should().Be("small");
        root.GetProperty("git_info").GetProperty("repo_url").GetString().Should().Contain("glcbt-x@");
        root.GetProperty("runner_info").GetProperty("timeout").GetInt32().Should().Be(3600);
        root.GetProperty("variables").EnumerateArray().Should().Contain(variable =>
            variable.GetProperty("key").GetString() == "KEY" && variable.GetProperty("value").GetString() == "a\nb");
    }

    [Fact(Timeout = HangLimit)]
    public async Task The_environment_has_its_layers_in_the_runners_order()
    {
        Driver.Does(Stage.Config, "env -0 > $NOTES/config.env; echo '{\"builds_dir\":\"/b\",\"cache_dir\":\"/c\",\"job_env\":{\"FROM_RUNNER\":\"config\",\"SYSTEM_FAILURE_EXIT_CODE\":\"9\",\"CUSTOM_ENV_CI_JOB_ID\":\"lie\"}}'")
            .Does(Stage.Prepare, "env -0 > $NOTES/prepare.env");

        await RunAsync(new SimulatedJob { Id = 5, Variables = [new("CI_PROJECT_ID", "redefined"), new("TEXT", "two\nlines")] });

        var config = Driver.EnvironmentNote("config.env");
        config["FROM_RUNNER"].Should().Be("runner");
        config["BUILD_FAILURE_EXIT_CODE"].Should().Be("1");
        config["SYSTEM_FAILURE_EXIT_CODE"].Should().Be("2");
        config["CUSTOM_ENV_CI_PROJECT_DIR"].Should().BeEmpty();
        config["CUSTOM_ENV_CI_BUILDS_DIR"].Should().BeEmpty();
        config["CUSTOM_ENV_TEXT"].Should().Be("two\nlines");
        var prepare = Driver.EnvironmentNote("prepare.env");
        prepare["FROM_RUNNER"].Should().Be("config");
        prepare["SYSTEM_FAILURE_EXIT_CODE"].Should().Be("9");
        prepare["CUSTOM_ENV_CI_JOB_ID"].Should().Be("5");
        prepare["CUSTOM_ENV_CI_PROJECT_ID"].Should().Be("redefined");
        prepare["CUSTOM_ENV_CI_PROJECT_DIR"].Should().Be("/b/group/project");
        prepare.Keys.Except(["PWD", "SHLVL", "_"]).Should().OnlyContain(name => !Environment.GetEnvironmentVariables().Contains(name)
            || name == "PATH" || name.StartsWith("CUSTOM_ENV_"), "nothing of the test's own environment is passed on");
    }

    [Fact(Timeout = HangLimit)]
    public async Task The_runner_waits_until_no_process_holds_the_stages_pipes()
    {
        Driver.Does(Stage.Prepare, "setsid sleep 1.5 & echo done");

        var result = await RunAsync();

        var prepare = result.Last(Stage.Prepare);
        prepare.ExitCode.Should().Be(0);
        prepare.PipesHeldOpen.Should().BeGreaterThan(TimeSpan.FromSeconds(1));
        result.State.Should().Be(JobState.Success);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_child_with_detached_streams_does_not_hold_the_stage()
    {
        Driver.Does(Stage.Prepare, "setsid sleep 600 </dev/null >/dev/null 2>&1 & echo $! > $NOTES/child");

        var result = await RunAsync();

        result.Last(Stage.Prepare).PipesHeldOpen.Should().BeLessThan(TimeSpan.FromSeconds(60));
        using var child = System.Diagnostics.Process.GetProcessById(int.Parse(Driver.Note("child"), null));
        child.Kill();
    }

    /// <summary>The files that the tests' own parent left open: not close-on-exec, unlike every file that .NET opens.</summary>
    private static IEnumerable<string> FilesThisProcessWasGivenItself()
    {
        const int CloseOnExec = 0x80000;
        foreach (var info in Directory.GetFiles("/proc/self/fdinfo").Where(File.Exists))
        {
            var flags = File.ReadLines(info).First(line => line.StartsWith("flags:"))["flags:".Length..].Trim();
            if ((Convert.ToInt32(flags, 8) & CloseOnExec) == 0)
            {
                yield return Path.GetFileName(info);
            }
        }
    }

    private static string SessionOfThisProcess()
    {
        var status = File.ReadAllText("/proc/self/stat");
        return status[(status.LastIndexOf(')') + 2)..].Split(' ')[3];
    }
}
