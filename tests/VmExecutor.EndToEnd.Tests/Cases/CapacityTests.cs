using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>A host that has less room than its jobs want.</summary>
public sealed class CapacityTests(TestMachine machine) : BenchTest(machine)
{
    private const int Jobs = 6;

    [Fact(Timeout = HangLimit)]
    public async Task Six_jobs_on_a_host_sized_for_two_run_in_order_without_failure()
    {
        Bench.Configure("limits:\n  max_vms: 2\n");
        Bench.With();
        await using var watch = new AliveWatch(Bench.Token);
        var sessions = Enumerable.Range(1, Jobs).Select(number => Bench.Open(new SimulatedJob { Id = 900 + number })).ToList();
        var prepares = new List<Task<StageRecord>>();
        foreach (var session in sessions)
        {
            await session.ConfigAsync();
            prepares.Add(session.PrepareAsync());

            // The next one arrives when this one is in the queue, or has a VM.
            await (prepares.Count <= 2 ? (Task)prepares[^1] : Task.WhenAny(session.Trace.ContainsAsync("waiting for a free VM (2 of 2 in use)"), prepares[^1]));
        }

        for (var index = 0; index < Jobs; index++)
        {
            await FinishAsync(sessions[index], index);

            // One VM is free at a time: two who are admitted together may start in any order.
            await prepares[Math.Min(index + 2, Jobs - 1)];
        }

        var started = await watch.EndAsync();
        watch.Looks.Should().BeGreaterThan(20);
        watch.Most.Should().Be(2);
        started.Select(name => name.Split('-')[2]).Should().Equal(Enumerable.Range(1, Jobs).Select(number => $"{900 + number}"));
        sessions[^1].Trace.ToString().Should().Contain("waiting for a free VM (2 of 2 in use): 3 jobs ahead").And.Contain("capacity: admitted after ");
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();

        async Task FinishAsync(JobSession session, int index)
        {
            var prepare = await prepares[index];
            prepare.ExitCode.Should().Be(0, prepare.ToString());
            var run = await session.RunAsync(SubStages.BuildScript, "true");
            run.ExitCode.Should().Be(0, run.ToString());
            var cleanup = await session.CleanupAsync();
            cleanup.ExitCode.Should().Be(0, cleanup.ToString());
        }
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_job_that_fills_its_disk_is_stopped_with_a_message_and_its_after_script_knows_why()
    {
        Bench.With(new ImageYaml { User = "root", MaxOverlay = "64MiB" });

        var result = await Bench.RunJobAsync(new SimulatedJob
        {
            Id = 911,
            Script = ["dd if=/dev/urandom of=/builds/much bs=1M count=160 oflag=direct", "sleep 600"],
            AfterScript = ["true"],
        });

        (result.State, result.FailureReason, result.ExitCode).Should().Be((JobState.Failed, FailureReason.ScriptFailure, 1), result.ToString());
        var build = result.Last(Stage.Run, SubStages.BuildScript).ErrorText;
        build.Should().Contain("stopping VM vmx-").And.Contain("VMX1015").And.Contain("more than the 64MiB that image 'small' allows").And.Contain("max_overlay");
        result.Last(Stage.Run, SubStages.AfterScript).ErrorText.Should().Contain("VMX1015").And.Contain("the error is above, in section 'build_script'", "the whole story is told once");
        var ledger = File.ReadLines(Path.Combine(Bench.StateDirectory, "ledger.jsonl")).Should().ContainSingle().Which;
        ledger.Should().Contain("\"VMX1015\"");
        System.Text.Json.JsonDocument.Parse(ledger).RootElement.GetProperty("disk_bytes").GetInt64().Should().BeInRange(64 << 20, 256 << 20);
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Timeout = HangLimit)]
    public async Task On_a_disk_that_gets_full_the_job_that_writes_is_stopped_and_its_room_is_free_at_once()
    {
        Bench.Configure("limits:\n  disk_headroom: 48MiB\n  disk_watermark: 40MiB\n");
        await HostCommand.OutputAsync("mount", "-t", "tmpfs", "-o", "size=96m,mode=0711", "vmx-test", Bench.StateDirectory);
        try
        {
            var session = Bench.With(new ImageYaml { User = "root" }).Open(new SimulatedJob { Id = 912 });
            await session.ConfigAsync();
            var prepare = await session.PrepareAsync();
            prepare.ExitCode.Should().Be(0, prepare.ToString());

            var run = await session.RunAsync(SubStages.BuildScript, "for i in $(seq 160); do head -c 1M /dev/urandom >> /builds/much; sync; sleep 0.1; done; sleep 600");

            run.ExitCode.Should().Be(StageReading.SystemFailureExitCode, run.ToString());
            run.ErrorText.Should().Contain("VMX1512").And.Contain("less than the 40MiB of 'limits: disk_watermark'");
            (await Bench.Leftovers.DomainsAsync()).Should().BeEmpty("the VM is gone before the stage ends");
            new DriveInfo(Bench.StateDirectory).AvailableFreeSpace.Should().BeGreaterThan(80 << 20);
            (await session.CleanupAsync()).ExitCode.Should().Be(0);
        }
        finally
        {
            await HostCommand.OutputAsync("umount", "-l", Bench.StateDirectory);
        }
    }
}
