using System.Globalization;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>
/// Many jobs, several at a time, and things happen to them at random: they fail, are cancelled, lose their runner. Short here; long and
/// with the machine to itself by <c>tests/soak</c>.
/// </summary>
public sealed class SoakTests(TestMachine machine) : BenchTest(machine)
{
    private const int Day = 24 * 60 * 60 * 1000;
    private static readonly int Jobs = Number("VM_EXECUTOR_SOAK_JOBS", 8);
    private static readonly int AtOnce = Number("VM_EXECUTOR_SOAK_AT_ONCE", 4);
    private static readonly int Seed = Number("VM_EXECUTOR_SOAK_SEED", Random.Shared.Next(1, 1_000_000));
    private static readonly bool IsAlone = Environment.GetEnvironmentVariable("VM_EXECUTOR_SOAK_JOBS") is not null;

    [Fact(Timeout = Day, Explicit = true)]
    public async Task Jobs_that_end_in_all_ways_leave_nothing_and_nothing_grows()
    {
        Bench.With();
        var daemon = (await HostCommand.TryAsync("pgrep", "-o", "-x", "libvirtd")).Output.Trim() is { Length: > 0 } id ? id : null;
        var before = await LookAsync(daemon);
        var queue = new Queue<int>(Enumerable.Range(1, Jobs));
        var ends = new List<string>();

        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(async () =>
        {
            while (Next(queue) is { } number)
            {
                var end = await PlayAsync(number, new Random(Seed + number));
                lock (ends)
                {
                    ends.Add(end);
                    TestContext.Current.SendDiagnosticMessage($"{ends.Count} of {Jobs}: job {9000 + number}: {end}");
                }
            }
        })));

        // Jobs that lost their runner are gc's; a stage of theirs may still be at work on them for a moment.
        var left = await Eventually.AskAsync(CollectAsync, found => found.Count == 0, TimeSpan.FromMinutes(1));
        var after = await LookAsync(daemon);
        TestContext.Current.SendDiagnosticMessage($"seed {Seed}; {string.Join(", ", ends.CountBy(end => end.Split(' ')[0]).Select(end => $"{end.Value} {end.Key}"))}; before: {before}; after: {after}");
        left.Should().BeEmpty($"seed {Seed}");
        ends.Should().HaveCount(Jobs);
        Directory.GetFileSystemEntries(Bench.StateDirectory).Select(Path.GetFileName).Should().BeSubsetOf(["jobs", "locks", "log", "ledger.jsonl", "images"]);
        File.ReadLines(Path.Combine(Bench.StateDirectory, "ledger.jsonl")).Should().OnlyContain(line => line.StartsWith('{') && line.EndsWith('}'));
        if (IsAlone)
        {
            after.Qemus.Should().Be(before.Qemus);
            after.QemuLogs.Should().Be(before.QemuLogs);
            after.DaemonFiles.Should().BeLessThanOrEqualTo(before.DaemonFiles + 5, "each job's descriptors are closed again");
            after.DaemonMebibytes.Should().BeLessThan(before.DaemonMebibytes + 64, "libvirt's own memory does not grow with the jobs");
        }
    }

    private async Task<string> PlayAsync(int number, Random random)
    {
        var job = new SimulatedJob
        {
            Id = 9000 + number,
            Script = ["echo running-$((1+1))", $"sleep {random.Next(3)}", $"exit {random.Next(3)}"],
            AfterScript = random.Next(2) == 0 ? ["echo after"] : [],
        };
        var running = Bench.Start(job);
        var what = random.Next(6);
        if (what <= 3)
        {
            await Task.WhenAny(running.Completion, Task.Delay(TimeSpan.FromSeconds(random.NextDouble() * 12)));
            Disturb(running, what);
        }

        var result = await running.Completion;
        foreach (var stage in result.State == JobState.Abandoned ? result.Stages : [])
        {
            if (Directory.Exists(stage.WorkingDirectory))
            {
                Directory.Delete(stage.WorkingDirectory, recursive: true);
            }
        }

        // An undisturbed job ends as its script says, whatever happens to the others.
        if (what > 3)
        {
            result.State.Should().Be(result.ExitCode is null or 0 ? JobState.Success : JobState.Failed, $"seed {Seed}: {result}");
            result.FailureReason.Should().BeOneOf([FailureReason.None, FailureReason.ScriptFailure], $"seed {Seed}: {result}");
        }

        return string.Create(CultureInfo.InvariantCulture, $"{result.State} after {result.Stages.Count} stages, last {result.Stages[^1].Stage}");
    }

    private static void Disturb(RunningJob job, int what)
    {
        switch (what)
        {
            case 0 or 1:
                job.Cancel();
                break;
            case 2:
                job.Abort();
                break;
            default:
                job.KillRunner();
                break;
        }
    }

    private async Task<List<string>> CollectAsync()
    {
        var (exitCode, output, error) = await Bench.CommandAsync("gc");
        exitCode.Should().Be(0, output + error);
        return await Bench.Leftovers.FindAsync();
    }

    private static async Task<(int Qemus, int QemuLogs, int DaemonFiles, long DaemonMebibytes)> LookAsync(string? daemon)
    {
        var qemus = (await HostCommand.TryAsync("pgrep", "-c", "qemu-system")).Output.Trim();
        var logs = Directory.Exists("/var/log/libvirt/qemu") ? Directory.GetFiles("/var/log/libvirt/qemu").Length : 0;
        if (daemon is null)
        {
            return (int.Parse(qemus, CultureInfo.InvariantCulture), logs, 0, 0);
        }

        var resident = (await HostCommand.OutputAsync("ps", "-o", "rss=", "-p", daemon)).Trim();
        return (
            int.Parse(qemus, CultureInfo.InvariantCulture),
            logs,
            Directory.GetFileSystemEntries($"/proc/{daemon}/fd").Length,
            long.Parse(resident, CultureInfo.InvariantCulture) / 1024);
    }

    private static int? Next(Queue<int> queue)
    {
        lock (queue)
        {
            return queue.TryDequeue(out var number) ? number : null;
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
