using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Prepares of jobs with a project's disk, killed just before each change of files and each message to libvirt from the first one on that makes or takes the disk.</summary>
[AlwaysCold("its machine has one more port than that of the tests' template")]
public sealed class KilledProjectDiskTests(TestMachine machine) : StandbyTest(machine)
{
    private const int Never = int.MaxValue;
    private const string Disk = "project_disk: {size: 256MiB}";

    /// <summary>Every point is tried in the thorough run; else so many.</summary>
    private static readonly int Points = Thoroughness.Of(int.MaxValue, few: 4);
    private int _jobs = 3000;

    [Theory(Explicit = true, Timeout = 3_600_000)]
    [InlineData("cold", true)]
    [InlineData("cold", false)]
    [InlineData("warm", false)]
    [InlineData("standby", false)]
    public async Task A_prepare_killed_before_any_change_of_the_disk_leaves_nothing_and_the_next_job_a_whole_version(string start, bool isFirst)
    {
        await ArrangeAsync(start);
        var killer = await ChangeKiller.MakeAsync(Bench.MakeDirectory("killer"), Bench.StateDirectory);
        if (!isFirst)
        {
            (await RunJobAsync("echo kept >/builds/left")).State.Should().Be(JobState.Success);
        }

        // A new disk begins with its directory, another one with the job's overlay.
        var from = isFirst ? "/disks/" : "project-disk";
        await KillAsync(start, killer, Never, from, byCleanup: true);
        var all = killer.Changes();
        var moments = Enumerable.Range(0, all.Count).Where(at => Points == int.MaxValue || at % Math.Max(1, all.Count / Points) == 0).ToList();
        all.Count(IsOfDisk).Should().BeGreaterThan(isFirst ? 5 : 2);
        foreach (var at in moments)
        {
            if (isFirst)
            {
                (await Bench.CommandAsync("disk", "clear")).ExitCode.Should().Be(0);
            }

            await KillAsync(start, killer, at, from, byCleanup: at % 2 == 0);
            var moment = $"before change {at}: {(killer.Changes() is [.., var last] ? last : "none")}";
            (await Bench.CommandAsync("gc")).ExitCode.Should().Be(0, moment);
            await SettleAsync(start, moment);
            var disks = JsonDocument.Parse((await Bench.CommandAsync("disk", "list", "--json")).Output).RootElement.GetProperty("disks").EnumerateArray().ToList();
            disks.Where(disk => disk.GetProperty("version").GetInt32() != (isFirst ? 0 : 1) || disk.GetProperty("jobs").GetInt32() != 0 || disk.GetProperty("damaged_put_aside").GetBoolean()).Should().BeEmpty(moment);
            disks.Count.Should().BeInRange(isFirst ? 0 : 1, 1, moment);
            Directory.GetFileSystemEntries(Path.Combine(Bench.StateDirectory, "disks")).Should().HaveCount(disks.Count, moment);
            Directory.GetFiles(Path.Combine(Bench.StateDirectory, "disks"), "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "disk.json" && !file.EndsWith(".qcow2", StringComparison.Ordinal)).Should().BeEmpty(moment);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{start}: killed at {moments.Count} of {all.Count} changes:\n{string.Join('\n', moments.Select(at => all[at]))}");
        var after = await RunJobAsync(isFirst ? "test ! -e /builds/left; echo whole" : "cat /builds/left; echo whole");
        after.TraceText.Should().Contain(isFirst ? "project disk: new and empty" : "project disk: version 1").And.Contain(isFirst ? "\nwhole\n" : "\nkept\nwhole\n");
        await SettleAsync(start, "the end");
    }

    private static bool IsOfDisk(string change) => change.Contains("/disks", StringComparison.Ordinal) || change.Contains("project-disk", StringComparison.Ordinal);

    private async Task ArrangeAsync(string start)
    {
        With(start);
        if (start != "cold")
        {
            var published = await Bench.CommandAsync(["image", "publish", "small", "--warm"], TimeSpan.FromMinutes(4));
            published.ExitCode.Should().Be(0, published.ToString());
        }
    }

    private void With(string start) => Bench.With(new ImageYaml
    {
        User = "root",
        IsWarm = start != "cold",
        WarmLimit = start == "cold" ? null : "120s",
        Further = start == "standby" ? [Disk, "standby: {count: 1, max_age: 1h}"] : [Disk],
    });

    private async Task KillAsync(string start, ChangeKiller killer, int at, string from, bool byCleanup)
    {
        if (start == "standby")
        {
            With(start);
            (await FilledAsync(1)).Should().ContainSingle();
        }

        var session = Bench.Open(new SimulatedJob { Id = ++_jobs, Image = "small", IsProtected = true }, options => options with { Environment = options.Environment.Concat(killer.Variables("prepare", at, from)).ToDictionary() });
        await session.ConfigAsync();
        await session.PrepareAsync();
        if (byCleanup)
        {
            (await session.CleanupAsync()).ShouldSucceed();
        }

        session.Dispose();
    }

    /// <summary>Nothing of any job is there.</summary>
    private async Task SettleAsync(string start, string moment)
    {
        if (start == "standby")
        {
            // The fill that a stage has begun may be at work.
            With(start);
            (await FilledAsync(1)).Should().ContainSingle(moment);
            With("warm");
            await NothingWaitsAsync();
        }

        Directory.GetFileSystemEntries(Path.Combine(Bench.StateDirectory, "jobs")).Should().BeEmpty(moment);
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty(moment);
    }

    private Task<JobResult> RunJobAsync(string script) => Bench.RunJobAsync(new SimulatedJob { Id = ++_jobs, Image = "small", IsProtected = true, Script = [script] });
}
