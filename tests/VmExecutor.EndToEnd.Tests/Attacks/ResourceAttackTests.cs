using System.Globalization;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Attacks;

/// <summary>Root in a guest takes all that it can get: memory, disk, the console, the network card.</summary>
[AlwaysWarm]
public sealed class ResourceAttackTests(TestMachine machine) : WarmTest(machine)
{
    private const int Id = 1661;
    private const long Mebibyte = 1 << 20;

    // The guest's 256 MiB, and what an emulating QEMU takes for itself.
    private const long MostMemory = 768 * Mebibyte;

    /// <summary>The guest's kernel may end the guest's own ssh server for it, which is a lost connection. The console tells.</summary>
    [Fact(Timeout = HangLimit, Explicit = true)]
    public async Task A_guest_that_takes_all_memory_stays_within_its_vm()
    {
        Bench.With(new ImageYaml { User = "root", WarmLimit = "120s" });
        var session = await PrepareAsync(Id);
        var pid = await PidAsync();

        var filled = await session.RunAsync(
            SubStages.BuildScript, "mkdir /fill; mount -t tmpfs -o size=100% fill /fill; head -c 1G /dev/zero | tr '\\0' x > /fill/all; test $(du -m /fill/all | cut -f 1) -gt 100 && echo much-$((1+1))");
        var memory = Resident(pid);
        await CleanUpAsync(session);

        var scorecard = new Scorecard();
        scorecard.Note(
            "memory-taken",
            held: memory < MostMemory,
            control: filled.OutputText.Contains("much-2") || filled.ErrorText.Contains("Out of memory"),
            string.Create(CultureInfo.InvariantCulture, $"{memory / Mebibyte} MiB; {filled}"));
        scorecard.ShouldBeGreen();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
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
