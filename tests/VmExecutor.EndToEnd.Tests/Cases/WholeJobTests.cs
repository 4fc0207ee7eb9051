using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Jobs from config to cleanup, as a runner gives them.</summary>
public sealed class WholeJobTests(TestMachine machine) : BenchTest(machine)
{
    private const string Canary = "glcbt-64_CANARY9f3a";

    /// <summary>Nearly as long as a variable can be.</summary>
    private static readonly string Long = string.Concat(Enumerable.Repeat("'a' \"$b\" `c` \\ é\n", 6_000));

    [Fact(Timeout = HangLimit)]
    public async Task A_job_clones_its_repository_builds_it_and_leaks_no_secret()
    {
        Bench.With(new ImageYaml { Accelerator = "auto" });
        await using var git = await GitServer.StartAsync(
            Bench.MakeDirectory("git"),
            new Dictionary<string, string> { ["Makefile"] = "answer:\n\t@echo answer=$$((6*7)) > answer\n" });
        var job = new SimulatedJob
        {
            Id = 11,
            Image = "small",
            Token = Canary,
            Git = git.Source,
            Variables = [new("DEPLOY_KEY", $"first line {Canary}\nsecond line") { Masked = true, File = true }, new("LONG", Long)],
            Script =
            [
                "make answer && cat answer",
                "printf %s \"$LONG\" | sha256sum",
                "tail -1 $DEPLOY_KEY",
                "echo waiting-for-branch-$((1+1))",
                $"until git ls-remote --exit-code {git.UrlForGuest} refs/heads/go > /dev/null; do sleep 0.2; done",
                "echo away > /tmp/marker",
            ],
            AfterScript = ["cat /tmp/marker"],
        };

        var running = Bench.Start(job);
        await running.TraceContainsAsync("waiting-for-branch-2");
        var secrets = await WhereIsCanaryAsync();
        await git.AddBranchAsync("go");
        var result = await running.Completion;

        result.State.Should().Be(JobState.Success, result.ToString());
        result.TraceText.Should().Contain("Using Custom executor with driver vm-executor").And.Contain("Checking out").And.Contain("answer=42")
            .And.Contain("second line").And.Contain(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Long))));
        result.Last(Stage.Run, SubStages.AfterScript).OutputText.Should().Contain("away\n");
        result.TraceText.Should().MatchRegex(@"vm-executor .*: image 'small'.* \(libvirt \d.*, QEMU \d").And.MatchRegex(@"Ready after \d+\.\d\d s, (warm|cold) \(source ");
        result.Last(Stage.Run, SubStages.CleanupFileVariables).OutputText.Should().MatchRegex(@"The VM used at most [\d.]+[MG]iB of its 256MiB of memory and [\d.]+ s of CPU time, and wrote [\d.]+[KM]iB to its disk\n");
        result.Stages.Should().OnlyContain(stage => stage.PipesHeldOpen < TimeSpan.FromSeconds(5), "nothing may hold the runner's pipes");
        secrets.Should().BeEmpty();
        (result.RunnerLog.Debug.ToString() + result.RunnerLog.Warnings).Should().NotContain(Canary);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_failing_script_is_followed_by_after_script_in_the_same_vm_which_stays_without_secrets_until_gc()
    {
        Bench.With(new ImageYaml { Further = ["keep_failed: {for: 1s}"] });
        var job = new SimulatedJob
        {
            Id = 12,
            Token = Canary,
            Variables = [new("DEPLOY_KEY", $"first line {Canary}\nsecond line") { Masked = true, File = true }],
            Script =
            [
                "cp $DEPLOY_KEY ~/mine; echo https://ci:$(tail -1 $DEPLOY_KEY)@gitlab.example.com > ~/.git-credentials",
                "setsid sleep 1234 > /dev/null 2>&1 < /dev/null &",
                "echo $((20+3)) > /tmp/marker", "(exit 7)", "echo not-reached",
            ],
            AfterScript = ["cat /tmp/marker", "echo status=$CI_JOB_STATUS"],
            HasCache = true,
            HasArtifacts = true,
        };

        var result = await Bench.RunJobAsync(job);

        result.State.Should().Be(JobState.Failed);
        result.FailureReason.Should().Be(FailureReason.ScriptFailure, result.ToString());
        result.ExitCode.Should().Be(7);
        result.Last(Stage.Run, SubStages.AfterScript).OutputText.Should().Contain("\n23\n").And.Contain("status=failed\n");
        result.Stages.Where(stage => stage.SubStage != SubStages.BuildScript).Should().OnlyContain(stage => stage.ExitCode == 0);
        await ItShouldStayWithoutSecretsAsync(result);

        // On a quiet machine the look takes less than the second that it stays.
        (await Eventually.AskAsync(async () => (await Bench.CommandAsync("gc")).Output, output => !output.Contains("1 job in use", StringComparison.Ordinal), TimeSpan.FromSeconds(30)))
            .Should().Contain("(its time is over)");
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    private async Task ItShouldStayWithoutSecretsAsync(JobResult result)
    {
        var directory = Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs")).Should().ContainSingle(result.ToString()).Subject;
        var key = Path.GetFileName(directory);
        (result.Last(Stage.Run, SubStages.BuildScript).ErrorText).Should().Contain($"\n  vm-executor ssh {key}\n");
        using var record = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(directory, "job.json"), TestContext.Current.CancellationToken));
        var guest = record.RootElement.GetProperty("guest");

        // What runs, and what is in the files that a job can write.
        var look = await HostCommand.OutputAsync(
            "ssh", "-F", "/dev/null", "-i", guest.GetProperty("key_file").GetString()!, "-p", $"{guest.GetProperty("port").GetInt32()}",
            "-o", $"UserKnownHostsFile={directory}/known_hosts", "-o", $"HostKeyAlias=vmx-{key}", "-o", "BatchMode=yes",
            $"{guest.GetProperty("user").GetString()}@{guest.GetProperty("host").GetString()}",
            "cat /tmp/marker; ls -a ~; find /builds; ps; grep -rlsE 'CANAR[Y]|second[ ]line' /builds /cache ~ /tmp /var/tmp /proc/[0-9]*/environ; true");
        look.Should().StartWith("23\n").And.NotContainAny("CANARY", ".git-credentials", "mine\n", "sleep 1234", ".tmp\n", "/environ\n");
    }

    [Fact(Timeout = HangLimit)]
    public async Task The_runners_own_job_that_tries_the_executor_runs_like_any_other()
    {
        Bench.With();

        var result = await Bench.RunJobAsync(new SimulatedJob { Id = 0, IsSynthetic = true, Script = ["echo verified-$((40+2))"] });

        result.State.Should().Be(JobState.Success, result.ToString());
        result.SubStages.Should().Equal("prepare_script", "get_sources", "boot_verify_probes", "build_script", "cleanup_file_variables");
        result.TraceText.Should().Contain("\nverified-42\n");
        result.Stages.Should().OnlyContain(stage => stage.ExitCode == 0);
    }

    [Fact(Timeout = HangLimit)]
    public async Task Two_jobs_at_once_have_a_vm_each()
    {
        Bench.With();
        await using var git = await GitServer.StartAsync(Bench.MakeDirectory("git"), new Dictionary<string, string> { ["f"] = "f" });

        // Neither ends before both are running.
        SimulatedJob Job(long id) => new()
        {
            Id = id,
            Script =
            [
                $"echo mine-{id} > /tmp/mine; cat /proc/sys/kernel/random/boot_id",
                $"echo running-$((0+{id}))",
                $"until git ls-remote --exit-code {git.UrlForGuest} refs/heads/go > /dev/null; do sleep 0.2; done",
                "cat /tmp/mine",
            ],
        };

        var one = Bench.Start(Job(21));
        var two = Bench.Start(Job(22));
        await Task.WhenAll(one.TraceContainsAsync("running-21"), two.TraceContainsAsync("running-22"));
        var domains = await Bench.Leftovers.DomainsAsync();
        await git.AddBranchAsync("go");
        var (first, second) = (await one.Completion, await two.Completion);

        domains.Should().HaveCount(2);
        first.State.Should().Be(JobState.Success, first.ToString());
        second.State.Should().Be(JobState.Success, second.ToString());
        first.TraceText.Should().Contain("\nmine-21\n").And.NotContain("mine-22");
        second.TraceText.Should().Contain("\nmine-22\n").And.NotContain("mine-21");
    }

    /// <summary>Looks at everything the driver shows or keeps on the host while the job runs; the disks are the guest's own.</summary>
    private async Task<List<string>> WhereIsCanaryAsync()
    {
        List<string> found = [.. (await HostCommand.LinesAsync("ps", "-ww", "-eo", "args=")).Where(line => line.Contains(Canary))];
        found.AddRange(CanaryWatch.FilesWith(Canary, Bench.StateDirectory));
        foreach (var domain in await Bench.Leftovers.DomainsAsync())
        {
            var xml = await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "dumpxml", domain);
            found.AddRange(xml.Split('\n').Where(line => line.Contains(Canary)));
        }

        return found;
    }
}
