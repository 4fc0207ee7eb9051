using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Attacks;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>A job in which everything its author may choose is hostile, and one whose secrets are looked for everywhere.</summary>
public sealed class HostileJobTests(TestMachine machine) : BenchTest(machine)
{
    private const string Canary = "glcbt-64_CANARYe2e41d";

    private static readonly XNamespace Stamp = "urn:vm-executor:job:1";

    // Would make a file wherever a shell of the host takes it for more than text.
    private string Hostile =>
        $"x$(touch {Marker})`touch {Marker}`;touch {Marker}|touch {Marker}&\n touch {Marker}\n'\"\\ -oProxyCommand=touch${{IFS}}{Marker} "
        + "</name><x a='1'/>]]><![CDATA[&e;&#0; \u0001\u001b[31m\u202e ../../etc ${HOME} %h %n * ? \ud83d\ude00";

    private string Marker => Path.Combine(Bench.StateDirectory, "../marker");

    [Fact(Timeout = HangLimit)]
    public async Task A_job_that_is_hostile_all_over_runs_in_a_clone_with_a_stamp_that_parses()
    {
        Bench.With();
        var job = HostileJob();
        var running = Bench.Start(job with { RawResponse = Response(job) });

        await running.TraceContainsAsync("waiting-2");
        var domains = await Bench.Leftovers.DomainsAsync();
        var xml = XElement.Parse(await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "dumpxml", domains.Should().ContainSingle().Which));
        var keys = Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs"));
        var record = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(keys.Should().ContainSingle().Which, "job.json")));
        running.Cancel();
        var result = await running.Completion;

        var stamp = xml.Element("metadata")!.Elements().Should().ContainSingle().Which;
        stamp.Name.Should().Be(Stamp + "job");
        stamp.HasElements.Should().BeFalse();
        ((string?)stamp.Attribute("project")).Should().Contain("</name><x a='1'/>]]>").And.Contain($"$(touch {Marker})");
        DateTimeOffset.Parse((string)stamp.Attribute("expires")!).Should().BeAfter(DateTimeOffset.UtcNow);
        record.RootElement.GetProperty("stamp").GetProperty("project").GetString().Should().Be(Hostile);
        result.Last(Stage.Prepare).ExitCode.Should().Be(0, result.ToString());
        result.Last(Stage.Run, SubStages.AfterScript).OutputText.Should().Contain("\nafter-2\n");
        result.Last(Stage.Cleanup).ExitCode.Should().Be(0, result.ToString());
        result.Last(Stage.Prepare).OutputText.Should().NotContainAny("\u001b", "\u0001", "\u202e");
        var held = !File.Exists(Marker);
        await HostCommand.TryAsync("sh", "-c", $"echo {Hostile}");
        var scorecard = new Scorecard();
        scorecard.Note("hostile-values", held, control: File.Exists(Marker), "a shell of the host runs it");
        scorecard.ShouldBeGreen();
        File.Delete(Marker);
    }

    [Fact(Timeout = HangLimit)]
    public async Task Hostile_values_reach_the_script_as_they_are()
    {
        Bench.With();
        var job = HostileJob() with { Script = ["printf '%s' \"$HOSTILE\" | sha256sum", "printf '%s' \"$LONG\" | wc -c", "cat \"$FILE\" | sha256sum"], AfterScript = [] };

        var result = await Bench.RunJobAsync(job with { RawResponse = Response(job) });

        result.State.Should().Be(JobState.Success, result.ToString());
        var digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(Hostile)));
        result.Last(Stage.Run, SubStages.BuildScript).OutputText.Split(digest).Should().HaveCount(3, "the variable and the file are both whole");
        result.Last(Stage.Run, SubStages.BuildScript).OutputText.Should().Contain("\n100000\n");
        File.Exists(Marker).Should().BeFalse("no shell of the host may have run it");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_jobs_secrets_are_nowhere_on_the_host_but_in_the_drivers_own_environment()
    {
        Bench.With();
        var job = new SimulatedJob
        {
            Id = 61,
            Token = Canary,
            Git = null,
            Variables = [new("SECRET", $"line\n{Canary}") { Masked = true }, new("SECRET_FILE", Canary) { File = true, Masked = true }],
            Script = [$": {Canary}; true", "echo waiting-$((1+1))", "until [ -e /tmp/go ]; do sleep 0.2; done"],
            AfterScript = [$"true {Canary}"],
        };
        await using var watch = new CanaryWatch(Canary);

        // What it was given stays to be seen: it lives for 20 ms itself.
        Bench.Wrap("qemu-img", "\"$TOOL\" \"$@\" && exec -a qemu-img sleep 1");

        var running = Bench.Start(job);
        await running.TraceContainsAsync("waiting-2");
        var domain = (await Bench.Leftovers.DomainsAsync()).Should().ContainSingle().Which;
        var meanwhile = CanaryWatch.FilesWith(Canary, Bench.StateDirectory, "/var/log/libvirt/qemu", "/run/libvirt/qemu", "/var/lib/libvirt/qemu");
        var xml = await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "dumpxml", domain);
        var logOfQemu = await File.ReadAllTextAsync($"/var/log/libvirt/qemu/{domain}.log");
        running.Cancel();
        var result = await running.Completion;
        var (found, tools) = await watch.EndAsync();

        found.Should().BeEmpty();
        tools.Should().Contain(["ssh", "qemu-img"], "else the watch has seen nothing").And.Contain(tool => tool.StartsWith("qemu-system-"));
        meanwhile.Should().BeEmpty();
        (xml + logOfQemu).Should().NotContain(Canary);
        CanaryWatch.FilesWith(Canary, Bench.StateDirectory, "/var/log/libvirt/qemu").Should().BeEmpty();
        result.Last(Stage.Config).OutputText.Should().NotContain(Canary);
        result.Last(Stage.Config).ErrorText.Should().NotContain(Canary);
        (result.Last(Stage.Prepare).OutputText + result.Last(Stage.Prepare).ErrorText).Should().Contain("Ready after").And.NotContain(Canary);
        (result.RunnerLog.Debug.ToString() + result.RunnerLog.Warnings).Should().NotContain(Canary);
        result.Last(Stage.Cleanup).ExitCode.Should().Be(0, result.ToString());

        // The runner's frame prints each line of a script before it runs it, and what it prints is the job's own.
        result.Last(Stage.Run, SubStages.BuildScript).OutputText.Should().Contain(Canary, "else the secret was never there to be found");
    }

    private SimulatedJob HostileJob() => new()
    {
        Id = 60,
        Name = Hostile,
        Token = Hostile,
        ProjectPath = Hostile,
        Variables =
        [
            new("HOSTILE", Hostile), new("LONG", new string('y', 100_000)), new("FILE", Hostile) { File = true },
            new("CI_RUNNER_SHORT_TOKEN", $"{Bench.Token}{Hostile}"), new("CI_COMMIT_REF_NAME", $"-oProxyCommand={Hostile}"),
            new("CI_JOB_ID", "../../1"), new("CI_SERVER_URL", Hostile), new("CI_JOB_IMAGE", Hostile), new("CI_JOB_TIMEOUT", "1e400"),
            new("LD_PRELOAD_", "/evil.so"), new("LC_ALL_", "\u001b"),
        ],
        Script = ["echo waiting-$((1+1))", "until [ -e /tmp/go ]; do sleep 0.2; done"],
        AfterScript = ["echo after-$((1+1))"],
    };

    /// <summary>With a megabyte in it, which no environment can carry.</summary>
    private byte[] Response(SimulatedJob job) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        id = job.Id,
        token = job.Token,
        job_info = new { name = job.Name, project_id = 1, project_full_path = job.ProjectPath },
        git_info = new { repo_url = $"https://gitlab-ci-token:{job.Token}@gitlab.example.com/{job.ProjectPath}.git", @ref = $"-oProxyCommand={Hostile}" },
        runner_info = new { timeout = 3600 },
        image = new { name = "$IMAGE" },
        variables = new[] { new { key = "IMAGE", value = "small" }, new { key = "BIG", value = new string('z', 1 << 20) }, new { key = Hostile, value = Hostile } },
    });
}
