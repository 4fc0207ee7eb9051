using System.Globalization;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Attacks;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>
/// Troubles of a guest, or of the way to it, while a script runs: each is reported by its kind, and nothing is left after cleanup.
/// </summary>
public sealed class GuestTroubleTests(TestMachine machine) : BenchTest(machine)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact(Timeout = HangLimit)]
    public async Task A_kernel_panic_is_told_as_one()
    {
        var session = await PrepareAsync(81, new ImageYaml { User = "root" });

        var run = await session.RunAsync(SubStages.BuildScript, "echo c > /proc/sysrq-trigger; sleep 600");

        ShouldFail(run, "VMX1401", "its guest's kernel panicked (sysrq triggered crash)");
        await CleanUpAsync(session);
        new Scorecard().Note("kernel-panicked", held: true, control: null);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_killed_qemu_is_told_as_one()
    {
        var session = await PrepareAsync(82);
        var running = session.RunAsync(SubStages.BuildScript, "echo running-$((1+1)); sleep 600");
        await SaysAsync(session, "running-2", running);

        await KillAsync("guest=");
        var run = await running;

        ShouldFail(run, "VMX1401", "its QEMU was killed or crashed");
        run.ErrorText.Should().Contain("dmesg");
        await CleanUpAsync(session);
    }

    [AlwaysCold("the source domain itself is cloned, and only published generations have templates")]
    [Fact(Timeout = HangLimit)]
    public async Task A_reboot_is_told_as_one()
    {
        await using var source = await SourceDomain.DefineAsync($"base-{Bench.Token}", Bench.MakeDirectory("base"), Machine.Guest);
        var session = await PrepareAsync(83, new ImageYaml { Domain = source.Name, User = "root" });

        var run = await session.RunAsync(SubStages.BuildScript, "sync; echo b > /proc/sysrq-trigger; sleep 600");

        ShouldFail(run, "VMX1411", "rebooted while the script ran");
        await CleanUpAsync(session);
        new Scorecard().Note("rebooted", held: true, control: null);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_full_host_disk_is_told_as_one()
    {
        // Without the limits that keep a disk from getting so full.
        Bench.Configure("limits:\n  disk_headroom: 1MiB\n  disk_watermark: 0B\n");
        await HostCommand.OutputAsync("mount", "-t", "tmpfs", "-o", "size=24m,mode=0711", "vmx-test", Bench.StateDirectory);
        try
        {
            var session = await PrepareAsync(84, new ImageYaml { User = "root" });

            var run = await session.RunAsync(SubStages.BuildScript, "head -c 60M /dev/urandom > /builds/much; sync; sleep 600");

            ShouldFail(run, "VMX1401", "this host's disk is full");
            run.ErrorText.Should().Contain($"below {Bench.StateDirectory}/jobs");
            await CleanUpAsync(session);
        }
        finally
        {
            await HostCommand.OutputAsync("umount", "-l", Bench.StateDirectory);
        }
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_lost_connection_is_opened_again_and_a_lost_job_directory_is_named()
    {
        var session = await PrepareAsync(85);

        await KillAsync("HostKeyAlias=");
        var between = await session.RunAsync(SubStages.GetSources, "echo there-$((1+1)); exit 3");
        between.Reading.ExitCode.Should().Be(3, between.ToString());

        var running = session.RunAsync(SubStages.BuildScript, "echo running-$((1+1)); sleep 5173");
        await SaysAsync(session, "running-2", running);
        await KillAsync("HostKeyAlias=");
        var cut = await running;
        ShouldFail(cut, "VMX1406", "was lost while the script ran");
        cut.ErrorText.Should().Contain("is still running");
        var after = await session.RunAsync(SubStages.AfterScript, GuestProcesses.SayWhenNoneIsLeft("^sleep 5173", "script is gone"));
        after.OutputText.Should().Be("script is gone\n");

        Directory.Delete(Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs")).Single(), recursive: true);
        var lost = await session.RunAsync(SubStages.AfterScript, "true");
        ShouldFail(lost, "VMX1409", "job.json");
        await CleanUpAsync(session);
    }

    private static void ShouldFail(StageRecord run, string code, string what)
    {
        run.ExitCode.Should().Be(StageReading.SystemFailureExitCode, run.ToString());
        run.ErrorText.Should().Contain(code).And.Contain(what);
    }

    private async Task<JobSession> PrepareAsync(int id, ImageYaml? image = null)
    {
        var session = Bench.With(image).Open(new SimulatedJob { Id = id });
        await session.ConfigAsync();
        var prepare = await session.PrepareAsync();
        prepare.ExitCode.Should().Be(0, prepare.ToString());
        return session;
    }

    private static Task SaysAsync(JobSession session, string text, Task running) => Eventually.AskAsync(
        () => Task.FromResult(session.Trace.ToString()!.Contains(text, StringComparison.Ordinal)), says => says || running.IsCompleted, Patience);

    /// <summary>Kills those of this bench's processes that have this, followed by the clone's name, among their arguments.</summary>
    private async Task KillAsync(string mark)
    {
        var lines = await HostCommand.LinesAsync("ps", "-ww", "-eo", "pid=,args=");
        var ids = lines.Where(line => line.Contains($"{mark}vmx-{Bench.Token}", StringComparison.Ordinal))
            .Select(line => int.Parse(line.Split(' ', 2)[0], CultureInfo.InvariantCulture)).ToList();
        var killed = 0;
        foreach (var id in ids)
        {
            // A client ends by itself as soon as its master is killed.
            killed += (await HostCommand.TryAsync("kill", "-KILL", id.ToString(CultureInfo.InvariantCulture))).ExitCode == 0 ? 1 : 0;
        }

        killed.Should().BePositive();
    }

    private async Task CleanUpAsync(JobSession session)
    {
        var cleanup = await session.CleanupAsync();
        cleanup.ExitCode.Should().Be(0, cleanup.ToString());
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }
}
