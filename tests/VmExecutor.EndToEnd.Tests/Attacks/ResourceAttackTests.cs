using System.Globalization;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
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

    // virtlogd keeps 2 MiB and three older files of the same size.
    private const long MostLog = 16 * Mebibyte;
    private const int MostThreads = 32;

    // A process of the same user gets QEMU's own open pipes (pidfd_open, pidfd_getfd): their other ends are virtlogd's. Opened anew they would be refused, since they are root's.
    private const string FloodPipes = """
        import ctypes, os, select, sys
        libc = ctypes.CDLL(None, use_errno=True)
        pid = int(sys.argv[1])
        process = libc.syscall(434, pid, 0)
        pipes = {}
        for fd in os.listdir(f'/proc/{pid}/fd'):
            target = os.readlink(f'/proc/{pid}/fd/{fd}')
            if target.startswith('pipe:'):
                pipes[target] = libc.syscall(438, process, int(fd), 0)
        for pipe in pipes.values():
            left = 1 << 30
            while left > 0:
                select.select([], [pipe], [])
                try: left -= os.write(pipe, bytes(65536))
                except BlockingIOError: pass
        print(len(pipes), 'pipes', file=sys.stderr)
        sys.exit(0 if len(pipes) == 2 else 1)
        """;

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

    /// <summary>The guest may end its own ssh server for want of memory, which is a lost connection.</summary>
    [Fact(Timeout = HangLimit, Explicit = true)]
    public async Task A_guest_that_starts_processes_without_end_stays_one_process_of_the_host_and_is_removed()
    {
        Bench.With(new ImageYaml { User = "root", WarmLimit = "120s" });
        var session = await PrepareAsync(Id);
        var pid = await PidAsync();
        var console = Path.Combine(JobDirectory(Id), "console.log");

        // Whichever comes first: the kernel refuses a process, or ends one for want of memory.
        Task<string> noMore = Eventually.AskAsync(
            () => File.ReadAllTextAsync(console, TestContext.Current.CancellationToken), text => text.Contains("can't fork") || text.Contains("Out of memory"), TimeSpan.FromMinutes(3));
        var bomb = await session.RunAsync(SubStages.BuildScript, "b() { b & b & sleep 600; }; exec 2> /dev/ttyS0; b", cancel: noMore);
        var said = await noMore;
        var (processes, threads, memory) = (await ProcessesOfAsync(await UserAsync(pid)), Threads(pid), Resident(pid));
        var cleanup = await session.CleanupAsync();

        var scorecard = new Scorecard();
        scorecard.Note(
            "fork-bomb",
            held: processes == 1 && threads < MostThreads && memory < MostMemory && cleanup.ExitCode == 0,
            control: said.Contains("can't fork") || said.Contains("Out of memory"),
            string.Create(CultureInfo.InvariantCulture, $"{processes} processes, {threads} threads, {memory / Mebibyte} MiB; {bomb}\n{cleanup}"));
        scorecard.ShouldBeGreen();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Timeout = 1_800_000, Explicit = true)]
    public async Task A_guest_that_floods_its_console_writes_a_bounded_file_on_the_host()
    {
        Bench.With(new ImageYaml { User = "root", WarmLimit = "120s" });
        var session = await PrepareAsync(Id);

        var run = await session.RunAsync(SubStages.BuildScript, "dd if=/dev/zero of=/dev/ttyS0 bs=64k count=1000 2>&1 | tail -n 1");
        var size = SizeOf(JobDirectory(Id), "console.log*");
        await CleanUpAsync(session);

        var scorecard = new Scorecard();
        scorecard.Note("console-flooded", held: size < MostLog, control: run.OutputText.Contains("65536000 bytes"), $"{size} bytes; {run}");
        scorecard.ShouldBeGreen();
    }

    /// <summary>As a QEMU that was taken over: it writes into the pipes of its console and of its log. A guest's own serial port is too slow for so much.</summary>
    [Fact(Timeout = 1_800_000, Explicit = true)]
    public async Task A_qemu_that_floods_its_console_and_its_log_writes_bounded_files_on_the_host()
    {
        Bench.With(new ImageYaml { User = "root", WarmLimit = "120s" });
        var session = await PrepareAsync(Id);
        var pid = await PidAsync();
        var user = await UserAsync(pid);

        var (written, _, error) = await HostCommand.TryAsync("setpriv", "--reuid", user, "--regid", user, "--init-groups", "/usr/bin/python3", "-c", FloodPipes, pid);
        var (console, log) = (SizeOf(JobDirectory(Id), "console.log*"), SizeOf("/var/log/libvirt/qemu", $"{Domain(Id)}.log*"));
        await CleanUpAsync(session);

        var scorecard = new Scorecard();
        scorecard.Note("console-flooded-by-qemu", held: console < MostLog && log < MostLog, control: written == 0, $"{console} and {log} bytes; {error}");
        scorecard.ShouldBeGreen();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
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

    private static long SizeOf(string directory, string files) => Directory.GetFiles(directory, files).Sum(file => new FileInfo(file).Length);

    private static async Task<string> UserAsync(string pid) => (await HostCommand.OutputAsync("ps", "-o", "user:32=", "-p", pid)).Trim();

    private static async Task<int> ProcessesOfAsync(string user) => (await HostCommand.OutputAsync("ps", "-o", "pid=", "-u", user)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    private async Task<string> PidAsync() => (await File.ReadAllTextAsync($"/run/libvirt/qemu/{Domain(Id)}.pid", TestContext.Current.CancellationToken)).Trim();

    private static long Resident(string pid) => Status(pid, "VmRSS:") * 1024;

    private static long Threads(string pid) => Status(pid, "Threads:");

    private static long Status(string pid, string field) => long.Parse(
        File.ReadLines($"/proc/{pid}/status").Single(line => line.StartsWith(field, StringComparison.Ordinal)).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
