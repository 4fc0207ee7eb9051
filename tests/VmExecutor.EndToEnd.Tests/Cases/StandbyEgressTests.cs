using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>A clone that waits has no egress policy; the job that takes it has one from its first script on.</summary>
[AlwaysWarm]
public sealed class StandbyEgressTests(TestMachine machine) : StandbyTest(machine)
{
    [Fact(Timeout = 2 * HangLimit, Explicit = true)]
    public async Task A_standby_clone_gets_the_policy_of_the_job_that_takes_it_and_a_killed_name_server_is_started_again()
    {
        await using var git = await GitServer.StartAsync(Bench.MakeDirectory("git"), new Dictionary<string, string> { ["README"] = "here\n" });
        Bench.With(new ImageYaml { WarmLimit = "120s", Further = ["standby: {count: 1, max_age: 1h}", "egress: {mode: enforce, projects: [{projects: free/**, mode: open}]}"] });
        (await FilledAsync(1)).Should().HaveCount(1);

        var session = Bench.Open(new SimulatedJob { Id = 1711, Image = "small" });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();
        session.Trace.ToString().Should().Contain("Took VM ");
        var first = await session.RunAsync(SubStages.PrepareScript, $"git ls-remote {git.UrlForGuest} && echo reached-$((1+1)) || true");
        var key = Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs"), "standby-*").Single(directory => File.Exists(Path.Combine(directory, "egress.json")));
        var user = System.Text.Json.JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(key, "job.json"), TestContext.Current.CancellationToken)).RootElement.GetProperty("stamp").GetProperty("user").GetString();
        await HostCommand.OutputAsync("sh", "-c", $"kill -9 $(cat /run/vm-executor/egress/{user}.pid); while grep -qs dnsmasq /proc/$(cat /run/vm-executor/egress/{user}.pid)/cmdline; do sleep 0.05; done");
        var second = await session.RunAsync(SubStages.BuildScript, "true");
        await session.CleanupAsync();

        first.OutputText.Should().NotContain("reached-2");
        first.ErrorText.Should().Contain($"WARNING: egress policy 'small' refused 127.0.0.1:{new Uri(git.UrlForGuest).Port}\n");
        second.ErrorText.Should().Contain("the name server of the egress policy 'small' had gone: restored").And.NotContain("refused");
        File.Exists($"/run/vm-executor/egress/{user}.nft").Should().BeFalse();
        (await HostCommand.OutputAsync("nft", "list", "tables")).Should().NotContain($"vm_executor_egress_{(await HostCommand.OutputAsync("id", "-u", user!)).Trim()}\n");

        var free = await Bench.RunJobAsync(new SimulatedJob { Id = 1712, Image = "small", ProjectPath = "free/project", Script = [$"git ls-remote {git.UrlForGuest} && echo reached-$((1+1))"] });
        free.TraceText.Should().Contain("reached-2", "the test proves nothing otherwise");
        Bench.With(new ImageYaml { WarmLimit = "120s" });
        await NothingWaitsAsync();
    }
}
