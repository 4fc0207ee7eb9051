using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Tools of the host and the administrator's hook, in the guest before the job.</summary>
public sealed class GuestPreparationTests(TestMachine machine) : BenchTest(machine)
{
    private const string Canary = "glcbt-64_CANARYhook51";

    [Fact(Timeout = HangLimit)]
    public async Task Artifacts_are_uploaded_from_a_guest_that_has_no_gitlab_runner_of_its_own()
    {
        var runners = Bench.MakeDirectory("runners");
        Bench.WriteProgram(runners, "gitlab-runner", "#!/bin/sh\necho \"stand-in runner: $*\"\n");
        var kit = Bench.MakeDirectory("kit");
        Directory.CreateDirectory(Path.Combine(kit, "sub"));
        await File.WriteAllTextAsync(Path.Combine(kit, "sub", new string('n', 120)), "long name\n");
        File.CreateSymbolicLink(Path.Combine(kit, "link"), "sub");
        Bench.PutFirstInPath(runners);
        Bench.With(new ImageYaml { User = "root", Further = ["tools:", "  - gitlab-runner", $"  - {kit}:/opt/parts/kit"] });

        var result = await Bench.RunJobAsync(new SimulatedJob
        {
            Id = 81,
            HasArtifacts = true,
            Script = ["cat /opt/parts/kit/link/nnn*", "stat -c %U:%a /usr/local/bin/gitlab-runner", "ls -a /opt/parts /usr/local/bin"],
        });

        result.State.Should().Be(JobState.Success, result.ToString());
        result.Last(Stage.Run, SubStages.UploadArtifactsOnSuccess).OutputText.Should().Contain("stand-in runner: artifacts-uploader");
        result.Last(Stage.Run, SubStages.BuildScript).OutputText.Should().Contain("long name\n").And.Contain("root:755\n").And.NotContain(".vmx-tool");
        result.Last(Stage.Prepare).OutputText.Should().Contain("gitlab-runner (0.0 MiB) is put into the guest at /usr/local/bin/gitlab-runner").And.MatchRegex(@"(ssh|identity) [0-9.]+, tools [0-9.]+\)");
    }

    [Fact(Timeout = HangLimit)]
    public async Task Steps_run_in_a_guest_that_gets_step_runner_as_a_tool()
    {
        // It says what the real one reads: its first argument, and the steps in a variable.
        var tools = Bench.MakeDirectory("tools");
        Bench.WriteProgram(tools, "step-runner", "#!/bin/sh\n[ \"$*\" = ci ] || exit 9\nprintf 'stand-in for step-runner: %s\\n' \"$STEPS\"\npwd\nexit 5\n");
        Bench.With(new ImageYaml { User = "root", Further = ["tools:", $"  - {tools}/step-runner"] });
        const string Steps = """[{"name":"greet","script":"echo it's $HOME; true"},{"name":"build","step":"./steps/build","inputs":{"a":"b"}}]""";

        var result = await Bench.RunJobAsync(new SimulatedJob { Id = 85, Run = Steps, AfterScript = ["echo after=$CI_JOB_STATUS"] });

        result.FailureReason.Should().Be(FailureReason.ScriptFailure, result.ToString());
        result.ExitCode.Should().Be(5);
        result.Last(Stage.Run, SubStages.BuildScript).OutputText.Should().Contain("$ step-runner ci").And.Contain($"\nstand-in for step-runner: {Steps}\n").And.MatchRegex("\n/[^\n]+/group/project\n$");
        result.Last(Stage.Run, SubStages.AfterScript).OutputText.Should().EndWith("after=failed\n");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_hook_runs_before_the_job_with_the_variables_it_is_to_have_and_no_others()
    {
        var hook = Path.Combine(Bench.MakeDirectory("hooks"), "prepare.sh");
        await File.WriteAllTextAsync(
            hook, "#!/bin/bash\nset -eu\nprintf '%s' \"$SECRET\" > /tmp/saw\nprintf '%s' \"$CERTIFICATE\" > /tmp/certificate\necho \"other: ${OTHER-unset}\"\necho on-stderr >&2\n");
        Bench.With(new ImageYaml { Further = ["prepare_hook:", $"  script: {hook}", "  variables: [SECRET, CERTIFICATE, NOT_THERE]"] });
        await using var watch = new CanaryWatch(Canary);
        var secret = $"line one'; touch /tmp/no\n\\n \"$HOME\" {Canary}\n";
        var job = new SimulatedJob
        {
            Id = 82,
            Variables = [new("SECRET", "an earlier one"), new("SECRET", secret) { Masked = true, Raw = true }, new("CERTIFICATE", "of a file\n") { File = true }, new("OTHER", "x")],
            Script = ["sha256sum < /tmp/saw", "cat /tmp/certificate", "ls /tmp"],
        };

        var running = Bench.Start(job with { AfterScript = ["true"] });
        var result = await running.Completion;
        var (found, tools) = await watch.EndAsync();

        result.State.Should().Be(JobState.Success, result.ToString());
        var digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(secret)));
        result.Last(Stage.Run, SubStages.BuildScript).OutputText.Should().Contain(digest).And.Contain("of a file\n").And.NotContain("\nno\n");
        var prepared = result.Last(Stage.Prepare);
        prepared.OutputText.Should().Contain("other: unset\n").And.MatchRegex(@"hook [0-9.]+\)").And.NotContain(Canary);
        prepared.ErrorText.Should().Contain("on-stderr");
        tools.Should().Contain("ssh");
        found.Should().BeEmpty();
        CanaryWatch.FilesWith(Canary, Bench.StateDirectory).Should().BeEmpty();
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_hook_that_fails_is_a_system_failure_that_names_script_and_exit_code()
    {
        var hook = Path.Combine(Bench.MakeDirectory("hooks"), "prepare.sh");
        await File.WriteAllTextAsync(hook, "echo 'the licence server is down'\nexit 7\n");
        Bench.With(new ImageYaml { Further = ["prepare_hook:", $"  script: {hook}"] });
        var session = Bench.Open(new SimulatedJob { Id = 83 });

        await session.ConfigAsync();
        var prepared = await session.PrepareAsync();

        prepared.Reading.Verdict.Should().Be(Verdict.SystemFailure, prepared.ToString());
        prepared.OutputText.Should().Contain("the licence server is down\n").And.Contain($"ERROR VMX1412: the prepare hook {hook} ended with exit code 7");
    }
}
