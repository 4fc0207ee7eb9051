using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>
/// The real driver with real VMs, killed just before each of its changes of files and each message to libvirt in turn. The fault matrix does the same at
/// each call against stand-ins, in every run.
/// </summary>
[AlwaysWarm]
public sealed class KilledStandbyTests(TestMachine machine) : StandbyTest(machine)
{
    private const int Never = 1_000_000;

    /// <summary>Every point is tried in the thorough run; else so many.</summary>
    private static readonly int Points = Thoroughness.Of(int.MaxValue, few: 6);

    [Fact(Explicit = true, Timeout = 12 * HangLimit)]
    public async Task A_fill_killed_before_any_change_leaves_a_whole_clone_or_what_gc_removes()
    {
        var killer = await MakeAsync();

        await EachAsync(killer, "fill", at => FillAsync(killer, at), () => Task.CompletedTask);
    }

    [Fact(Explicit = true, Timeout = 12 * HangLimit)]
    public async Task A_drain_killed_before_any_change_leaves_a_whole_clone_or_what_gc_removes()
    {
        var killer = await MakeAsync();

        await EachAsync(
            killer,
            "drain",
            async at => (await Bench.CommandAsync(killer.Variables("drain", at), "standby", "drain")).ExitCode.Should().BeOneOf(0, 137),
            () => FillAsync());
    }

    [Theory(Explicit = true, Timeout = 12 * HangLimit)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_prepare_killed_before_any_change_of_taking_leaves_a_whole_clone_or_what_cleanup_and_gc_remove(bool byCleanup)
    {
        var killer = await MakeAsync();
        var id = byCleanup ? 2100 : 2500;

        await EachAsync(
            killer,
            "prepare",
            async at =>
            {
                var session = Bench.Open(new SimulatedJob { Id = id++ }, options => options with
                {
                    Environment = options.Environment.Concat(killer.Variables("prepare", at)).ToDictionary(),
                });
                await session.ConfigAsync();
                await session.PrepareAsync();
                if (byCleanup)
                {
                    (await session.CleanupAsync()).ShouldSucceed();
                }
                else
                {
                    session.Dispose();
                }
            },
            () => FillAsync());
    }

    /// <summary>Counts the changes once, and then lets the command be killed before each of them.</summary>
    private async Task EachAsync(ChangeKiller killer, string what, Func<int, Task> act, Func<Task> arrange)
    {
        await arrange();
        await act(Never);
        var changes = killer.Changes();
        changes.Should().HaveCountGreaterThan(Points == int.MaxValue ? 10 : Points).And.Contain(change => change.StartsWith("message ", StringComparison.Ordinal));
        await SettleAsync("the whole way");

        foreach (var at in Enumerable.Range(0, changes.Count).Where(at => Points == int.MaxValue || at % (changes.Count / Points) == 0))
        {
            await arrange();
            await act(at);
            killer.Changes().Should().HaveCountLessThanOrEqualTo(at + 1, "it was killed there");
            await SettleAsync($"{what} before change {at}: {(killer.Changes() is [.., var last] ? last : "none")}");
        }

        TestContext.Current.SendDiagnosticMessage($"{what}: {changes.Count} changes");
        WantNone();
        await NothingWaitsAsync();
    }

    /// <summary>After gc there are whole clones and nothing else; a fill makes what is missing, and what is removed then leaves nothing.</summary>
    private async Task SettleAsync(string moment)
    {
        var (exit, output, error) = await Bench.CommandAsync("gc");
        exit.Should().Be(0, $"{moment}: {output}{error}");

        // The fill that a whole prepare or its cleanup began may be at work.
        (await FilledAsync(1)).Should().ContainSingle(moment);
        foreach (var clone in Waiting().Where(IsSetAside))
        {
            (await StateAsync($"vmx-{clone}")).Should().Be("paused", moment);
            Master(clone).Should().StartWith("T", $"{moment}: the ssh connection waits with its guest");
        }

        (await Bench.Leftovers.DomainsAsync()).Should().BeEmpty(moment);
        Links().Should().BeEmpty(moment);
        (await Bench.CommandAsync("standby", "drain")).ExitCode.Should().Be(0, moment);
        Directory.GetFileSystemEntries(Path.Combine(Bench.StateDirectory, "jobs")).Should().BeEmpty(moment);
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty(moment);
    }

    private async Task<ChangeKiller> MakeAsync()
    {
        Want(1);
        return await ChangeKiller.MakeAsync(Bench.MakeDirectory("killer"), Bench.StateDirectory);
    }

    private async Task FillAsync(ChangeKiller killer, int at) =>
        (await Bench.CommandAsync(killer.Variables("fill", at), "standby", "fill")).ExitCode.Should().BeOneOf(0, 137);

    private void Want(int count) => Bench.With(new ImageYaml { WarmLimit = "120s", Further = ["standby:", $"  count: {count}"] });

    private void WantNone() => Bench.With(new ImageYaml { WarmLimit = "120s" });

    private string Master(string clone)
    {
        var pid = JsonDocument.Parse(File.ReadAllText(Path.Combine(Bench.StateDirectory, "jobs", clone, "job.json"))).RootElement.GetProperty("standby").GetProperty("master").GetProperty("pid").GetInt32();
        return File.ReadAllText($"/proc/{pid}/stat").Split(')')[^1].Trim();
    }
}
