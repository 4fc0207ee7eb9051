using System.Diagnostics;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary><c>gc</c>, <c>list</c> and the ledger, with real VMs.</summary>
public sealed class LeftoverCollectionTests(TestMachine machine) : BenchTest(machine)
{
    [Fact(Timeout = HangLimit)]
    public async Task A_VM_whose_runner_has_died_is_listed_as_left_and_collected()
    {
        var session = Bench.With().Open(new SimulatedJob { Id = 701 }, DyingRunner);
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();

        var runners = session.TempDirectory;
        var (leaks, listed, _) = await Bench.CommandAsync("list", "--leaks", "--json");
        var (dryRun, told, _) = await Bench.CommandAsync("gc", "--dry-run");
        var stillThere = await Bench.Leftovers.DomainsAsync();
        var (collect, done, error) = await Bench.CommandAsync("gc");

        leaks.Should().Be(1);
        Job(listed).GetProperty("reason").GetString().Should().Be("runner_gone");
        dryRun.Should().Be(0);
        told.Should().ContainAll("would remove", stillThere.Should().ContainSingle().Which);
        collect.Should().Be(0, done + error);
        done.Should().Contain("1 removed, 0 failed, 0 jobs in use");
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
        Directory.Exists(runners).Should().BeFalse("the job's token and scripts would stay in the directory of a runner that is gone");
        session.Dispose();
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_job_in_use_is_listed_with_what_it_uses_left_alone_and_entered_in_the_ledger()
    {
        var session = Bench.With().Open(new SimulatedJob { Id = 702, ProjectPath = "group/ledger" });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();
        await session.RunAsync(SubStages.BuildScript, "exit 3");

        var (_, listed, _) = await Bench.CommandAsync("list", "--json");
        var (_, collected, _) = await Bench.CommandAsync("gc");
        session.SetStatus("failed");
        (await session.CleanupAsync()).ExitCode.Should().Be(0);

        var job = Job(listed);
        job.GetProperty("state").GetString().Should().Be("in_use");
        job.GetProperty("project").GetString().Should().Be("group/ledger");
        new[] { "age_seconds", "cpu_seconds", "memory_bytes", "disk_bytes", "expires_in_seconds" }
            .Select(name => job.GetProperty(name).GetDouble()).Should().OnlyContain(number => number > 0);
        collected.Should().Contain("0 removed, 0 failed, 1 job in use");
        var line = (await File.ReadAllLinesAsync(Path.Combine(Bench.StateDirectory, "ledger.jsonl"))).Should().ContainSingle().Which;
        var entry = JsonDocument.Parse(line).RootElement;
        entry.GetProperty("result").GetString().Should().Be("failed");
        entry.GetProperty("scripts")[0].GetProperty("exit_code").GetInt32().Should().Be(3);
        entry.GetProperty("cpu_seconds").GetDouble().Should().BePositive();
        entry.GetProperty("peak_memory_bytes").GetInt64().Should().BeGreaterThan(32 << 20);
        entry.GetProperty("made").EnumerateArray().Select(part => part.GetString()).Should().Contain("overlay vda.qcow2");
        entry.GetProperty("removed_parts").GetArrayLength().Should().Be(3);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_QEMU_that_libvirt_knows_nothing_of_is_ended_by_what_it_was_started_with()
    {
        Bench.With();
        var key = $"{Bench.Token}-703-abcdef";
        var overlay = Path.Combine(Bench.MakeDirectory($"state/jobs/{key}"), "vda.qcow2");
        await HostCommand.OutputAsync("qemu-img", "create", "-q", "-f", "qcow2", overlay, "1M");
        string[] arguments =
        [
            "-name", $"guest=vmx-{key},debug-threads=on", "-S", "-nodefaults", "-display", "none", "-machine", "q35", "-accel", "tcg",
            "-m", "32", "-drive", $"file={overlay},format=qcow2,if=none,id=disk",
        ];
        using var qemu = Process.Start("qemu-system-x86_64", arguments);

        var (exitCode, output, error) = await Bench.CommandAsync("gc");

        exitCode.Should().Be(0, output + error);
        output.Should().Contain($"qemu {qemu.Id}");
        await qemu.WaitForExitAsync(TestContext.Current.CancellationToken);
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_connection_without_job_and_files_is_ended_by_what_it_was_started_with()
    {
        var session = Bench.With().Open(new SimulatedJob { Id = 704 });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();
        var domain = (await Bench.Leftovers.DomainsAsync()).Single();

        // Halted, so that neither the VM's end nor a polite request ends it.
        var master = (await HostCommand.LinesAsync("ps", "-ww", "-eo", "pid=,args=")).Single(line => line.Contains($"HostKeyAlias={domain}", StringComparison.Ordinal));
        await HostCommand.OutputAsync("kill", "-STOP", master.Split(' ')[0]);
        Directory.Delete(Path.Combine(Bench.StateDirectory, "jobs", domain["vmx-".Length..]), recursive: true);
        await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "destroy", domain);
        session.Dispose();

        var (exitCode, output, error) = await Bench.CommandAsync("gc");

        exitCode.Should().Be(0, output + error);
        output.Should().Contain($"ssh {master.Split(' ')[0]}");
        File.Delete($"/var/log/libvirt/qemu/{domain}.log");
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    /// <summary>A runner that ends with the stage: a shell between us and the driver.</summary>
    private static RunnerOptions DyingRunner(RunnerOptions options) => options with
    {
        PrepareExec = "/bin/sh",
        PrepareArguments = ["-c", "\"$0\"; exit $?", options.PrepareExec],
    };

    private static JsonElement Job(string list) => JsonDocument.Parse(list).RootElement.GetProperty("jobs").EnumerateArray().Should().ContainSingle().Which;
}
