using System.Text.Json;
using FluentAssertions;
using VmExecutor.Core.Jobs;
using VmExecutor.Core.Values;
using VmExecutor.Host.Clones;
using VmExecutor.Host.Tests.Fakes;
using VmExecutor.Host.Waiting;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary><c>drain</c> and <c>undrain</c>: a host that finishes its jobs and takes no more.</summary>
public sealed class DrainCommandTests : IDisposable
{
    private readonly StageBench _bench = new();
    private readonly JobKey _key = new("https://gitlab.example.com", "prgtest", 4711);

    private AbsolutePath State => new(_bench.PathOf("state"));

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 120_000)]
    public async Task A_drained_host_refuses_jobs_until_that_is_taken_back()
    {
        _bench.Environment["SUDO_USER"] = "kim";
        (await _bench.RunAsync("drain", "--reason", "new\u001b kernel")).Should().Match<ProgramExit>(exit => exit.ExitCode == 0 && exit.Error.Contains("takes no more jobs"));

        var refused = await _bench.RunAsync("prepare");
        refused.ShouldFail(StageBench.SystemFailure, "VMX1513", "by kim", "(new\\u001b kernel)", "undrain");
        Directory.Exists(Path.Combine(State.Value, "jobs")).Should().BeFalse("nothing was begun");

        (await _bench.RunAsync("undrain")).Error.Should().Contain("takes jobs again").And.Contain("by kim");
        (await _bench.RunAsync("prepare")).Output.Should().NotContain("VMX1513");
        (await _bench.RunAsync("undrain")).Error.Should().Contain("was not drained");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_drain_is_seen_in_list_doctor_and_metrics_and_its_first_time_stays()
    {
        (await _bench.RunAsync("metrics")).Output.Should().Contain("\nvm_executor_drained 0\n");
        await _bench.RunAsync("drain", "--reason", "first");
        var since = Since(await _bench.RunAsync("list", "--json"));
        (await _bench.RunAsync("drain")).Error.Should().Contain("took no more jobs already, since").And.Contain("(first)").And.NotContain("another");
        (await _bench.RunAsync("drain", "--reason", "second")).Error.Should().Contain("(first), and the reason is now another");

        (await _bench.RunAsync("list")).Error.Should().Contain("this host takes no jobs").And.Contain("(second)");
        Since(await _bench.RunAsync("list", "--json")).Should().Be(since);
        (await _bench.RunAsync("doctor")).Output.Should().MatchRegex("warning +drained ").And.Contain("vm-executor undrain");
        (await _bench.RunAsync("metrics")).Output.Should().Contain("\nvm_executor_drained 1\n");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_trial_is_let_through_and_an_order_that_cannot_be_read_is_one()
    {
        _bench.Write("state/drained.json", "{ damaged");

        (await _bench.RunAsync("prepare")).ShouldFail(StageBench.SystemFailure, "VMX1513", "since an unknown time");
        _bench.Environment["CUSTOM_ENV_CI_RUNNER_SHORT_TOKEN"] = "try";
        (await _bench.RunAsync("prepare")).Error.Should().NotContain("VMX1513");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_drain_waits_for_the_jobs_that_run_and_no_longer()
    {
        var job = JobDirectory.Of(State, _key);
        job.Create(TestRecord.Of(_key, State, "test:///default"));
        using var error = new StringWriter();
        var invocation = new Invocation(new StageEnvironment(_bench.Environment), TextWriter.Null, TextWriter.Synchronized(error), TestContext.Current.CancellationToken);

        var drain = new DrainTasks(invocation, configOption: null).BeginAsync(reason: null, wait: true, TestContext.Current.CancellationToken);
        await UntilAsync(() => error.ToString().Contains($"waiting for 1 job: {_key.Value}"));
        drain.IsCompleted.Should().BeFalse();
        Directory.Delete(job.Paths.Directory.Value, recursive: true);
        await drain;

        error.ToString().Should().EndWith("no job runs on this host\n");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_wait_that_is_ended_leaves_the_host_drained()
    {
        JobDirectory.Of(State, _key).Create(TestRecord.Of(_key, State, "test:///default"));
        var drained = UntilAsync(() => File.Exists(Path.Combine(State.Value, "drained.json")));

        var exit = await _bench.RunAsync(drained, "drain", "--wait");

        exit.ExitCode.Should().NotBe(0);
        File.Exists(Path.Combine(State.Value, "drained.json")).Should().BeTrue();
    }

    private static Task<bool> UntilAsync(Func<bool> isSo) =>
        new Poll(TimeSpan.FromMinutes(1), TimeSpan.FromMilliseconds(20), TimeProvider.System).UntilAsync(_ => Task.FromResult(isSo()), TestContext.Current.CancellationToken);

    private static string? Since(ProgramExit list) => JsonDocument.Parse(list.Output).RootElement.GetProperty("drained").GetProperty("since").GetString();
}
