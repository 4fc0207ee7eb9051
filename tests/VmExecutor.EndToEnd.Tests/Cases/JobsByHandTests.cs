using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>The commands with which an administrator looks at, enters and stops the VMs of jobs.</summary>
public sealed class JobsByHandTests(TestMachine machine) : BenchTest(machine)
{
    [Fact(Timeout = HangLimit)]
    public async Task A_kept_VM_is_looked_at_entered_and_stopped()
    {
        Bench.With();
        var kept = await Bench.CommandAsync("try", "small", "--keep", "--", "echo from the job");
        var job = Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs")).Select(path => Path.GetFileName(path)).Single();
        var domain = $"vmx-{job}";

        var listed = await Bench.CommandAsync("list", "--json");
        var logs = await Bench.CommandAsync("logs", job);
        var entered = await Bench.CommandAsync("ssh", job, "--", "[ -n \"$SSH_CONNECTION\" ] && echo inside; exit 7");
        var words = await Bench.CommandAsync("ssh", domain, "--", "echo", "two  words");

        // The kept connection is gone: a connection of its own, with the job's key and the pinned host key.
        File.Delete(Path.Combine(Bench.StateDirectory, "jobs", job, "ssh.sock"));
        var direct = await Bench.CommandAsync("ssh", job, "--", "echo direct");
        var console = await Bench.CommandAsync("console", job, "--last", "5");
        var stopped = await Bench.CommandAsync("stop", job);
        var after = await Bench.CommandAsync("logs", job, "--json");
        var domains = await HostCommand.LinesAsync("virsh", "-c", "qemu:///system", "list", "--all", "--name");

        kept.ExitCode.Should().Be(0, kept.ToString());
        kept.Output.Should().ContainAll($"  vm-executor ssh {job} --config ", $"  vm-executor stop {job} --config ");
        JsonDocument.Parse(listed.Output).RootElement.GetProperty("jobs")[0].GetProperty("state").GetString().Should().Be("kept");
        logs.ExitCode.Should().Be(0, logs.ToString());
        logs.Output.Should().ContainAll(job, "running", "build_script: exit code 0", "kept on request");
        entered.ExitCode.Should().Be(7, entered.ToString());
        entered.Output.Should().Be("inside\n");
        words.Output.Should().Be("two  words\n", words.ToString());
        direct.Output.Should().Be("direct\n", direct.ToString());
        console.ExitCode.Should().Be(0, console.ToString());
        stopped.ExitCode.Should().Be(0, stopped.ToString());
        stopped.Error.Should().ContainAll($"domain {domain}", "removed");
        domains.Should().NotContain(domain);
        Directory.GetFileSystemEntries(Path.Combine(Bench.StateDirectory, "jobs")).Should().BeEmpty();
        using var document = JsonDocument.Parse(after.Output);
        document.RootElement.GetProperty("ended")[0].GetProperty("result").GetString().Should().Be("stopped");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_job_that_is_stopped_in_the_midst_of_its_script_says_who_did_it()
    {
        Bench.With();
        var session = Bench.Open(new SimulatedJob { Id = 971 });
        await session.ConfigAsync();
        var prepare = await session.PrepareAsync();
        var script = session.RunAsync(SubStages.BuildScript, "echo begun; sleep 600");

        await Eventually.AskAsync(
            () => Task.FromResult(session.Trace.ToString()!.Contains("begun\n", StringComparison.Ordinal)), says => says || script.IsCompleted, TimeSpan.FromMinutes(1));
        var stopped = await Bench.CommandAsync("stop", "971");
        var run = await script;
        var next = await session.RunAsync(SubStages.AfterScript, "true");
        var cleanup = await session.CleanupAsync();
        var logs = await Bench.CommandAsync("logs", "971");

        prepare.ExitCode.Should().Be(0, prepare.ToString());
        stopped.ExitCode.Should().Be(0, stopped.ToString());
        run.ExitCode.Should().Be(StageReading.SystemFailureExitCode, run.ToString());
        (run.OutputText + run.ErrorText).Should().ContainAll("VMX1923", "stopped by", "vm-executor stop");
        (next.OutputText + next.ErrorText).Should().Contain("VMX1923");
        cleanup.ExitCode.Should().Be(0, cleanup.ToString());
        logs.Output.Should().Contain("stopped (VMX1923), removed by cleanup");
    }
}
