using System.Globalization;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Attacks;

/// <summary>Root in a guest takes all that it can get: processes, memory, disk, the console, the network card.</summary>
[AlwaysWarm]
public sealed class ResourceAttackTests(TestMachine machine) : WarmTest(machine)
{
    private const int Id = 1661;
    private const long Mebibyte = 1 << 20;

    // The guest's 256 MiB, and what an emulating QEMU takes for itself.
    private const long MostMemory = 768 * Mebibyte;

    [Fact(Timeout = HangLimit, Explicit = true)]
    public async Task A_guest_that_takes_all_memory_and_starts_processes_without_end_stays_within_its_vm()
    {
        Bench.With(new ImageYaml { User = "root", WarmLimit = "120s" });
        var session = await PrepareAsync(Id);
        var (pid, user) = (await PidAsync(), "");
        user = (await HostCommand.OutputAsync("ps", "-o", "user:32=", "-p", pid)).Trim();

        var filled = await session.RunAsync(SubStages.BuildScript, "mkdir /fill; mount -t tmpfs -o size=100% fill /fill; head -c 1G /dev/zero | tr '\\0' x > /fill/all; du -m /fill/all | cut -f 1; rm /fill/all", null);
        var memory = Resident(pid);
        var bomb = await session.RunAsync(
            SubStages.BuildScript, "echo bomb-$((1+1)); bomb() { bomb | bomb & }; bomb; while :; do ls /proc | grep -c '^[0-9]'; done", session.Trace.ContainsAsync("bomb-2"));
        var processes = await HostCommand.LinesAsync("ps", "-U", user, "-o", "pid=");
        var cleanup = await session.CleanupAsync();

        var scorecard = new Scorecard();
        scorecard.Note("memory-taken", held: memory < MostMemory, control: Filled(filled) > 100, $"{memory / Mebibyte} MiB; {filled}");
        scorecard.Note("fork-bomb", held: bomb.Interruption == Interruption.Canceled && processes.Count == 1 && cleanup.ExitCode == 0, control: null, $"{bomb}\n{string.Join(',', processes)}\n{cleanup}");
        scorecard.ShouldBeGreen();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();

        static long Filled(StageRecord run) => run.OutputText.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => long.TryParse(line, CultureInfo.InvariantCulture, out var size) ? size : 0).Sum();
    }

    [Fact(Timeout = HangLimit, Explicit = true)]
    public async Task A_guest_that_fills_its_disk_is_stopped_at_the_limit_and_not_without_one()
    {
        const string Fill = "head -c 160M /dev/urandom > /builds/much; sync; echo written-$((1+1))";
        Bench.With(new ImageYaml { User = "root", WarmLimit = "120s" });
        var open = await PrepareAsync(Id);
        var unlimited = await open.RunAsync(SubStages.BuildScript, Fill);
        var size = new FileInfo(Path.Combine(JobDirectory(Id), "vda.qcow2")).Length;
        await CleanUpAsync(open);
        Bench.With(new ImageYaml { User = "root", WarmLimit = "120s", MaxOverlay = "64MiB" });
        var closed = await PrepareAsync(Id + 1);
        var limited = await closed.RunAsync(SubStages.BuildScript, $"{Fill}; sleep 120");
        await CleanUpAsync(closed);

        var scorecard = new Scorecard();
        scorecard.Note("disk-filled", held: limited.ErrorText.Contains("VMX1015"), control: unlimited.OutputText.Contains("written-2") && size > 150 * Mebibyte, $"{limited}\n{unlimited}\n{size}");
        scorecard.ShouldBeGreen();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Timeout = 1_800_000, Explicit = true)]
    public async Task A_guest_that_floods_its_console_writes_a_bounded_file_on_the_host()
    {
        Bench.With(new ImageYaml { User = "root", WarmLimit = "120s" });
        var session = await PrepareAsync(Id);

        var run = await session.RunAsync(SubStages.BuildScript, "dd if=/dev/zero of=/dev/ttyS0 bs=64k count=1000 2>&1 | tail -n 1");
        var size = Directory.GetFiles(JobDirectory(Id), "console.log*").Sum(file => new FileInfo(file).Length);
        await CleanUpAsync(session);

        var scorecard = new Scorecard();
        scorecard.Note("console-flooded", held: size < 16 * Mebibyte, control: run.OutputText.Contains("65536000 bytes"), $"{size} bytes; {run}");
        scorecard.ShouldBeGreen();
    }

    [Fact(Timeout = HangLimit, Explicit = true)]
    public async Task A_guest_that_takes_its_card_away_is_a_lost_connection_and_is_removed()
    {
        Bench.With(new ImageYaml { User = "root", WarmLimit = "120s" });
        var session = await PrepareAsync(Id);

        var run = await session.RunAsync(SubStages.BuildScript, "for device in /sys/bus/virtio/drivers/virtio_net/virtio*; do echo \"${device##*/}\" > /sys/bus/virtio/drivers/virtio_net/unbind; done; sleep 600");
        var cleanup = await session.CleanupAsync();

        var scorecard = new Scorecard();
        scorecard.Note("card-reset", held: run.ExitCode == StageReading.SystemFailureExitCode && run.ErrorText.Contains("VMX14") && cleanup.ExitCode == 0, control: null, $"{run}\n{cleanup}");
        scorecard.ShouldBeGreen();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    private async Task<string> PidAsync() => (await File.ReadAllTextAsync($"/run/libvirt/qemu/{Domain(Id)}.pid", TestContext.Current.CancellationToken)).Trim();

    private static long Resident(string pid) => long.Parse(
        File.ReadLines($"/proc/{pid}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
}
