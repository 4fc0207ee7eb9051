using System.Globalization;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Standby clones of images that change, that have several sizes, that boot ahead, and that fill the host's memory.</summary>
[AlwaysCold("the images are the tests' own")]
public sealed class StandbyImagesTests(TestMachine machine) : StandbyTest(machine)
{
    [Fact(Explicit = true, Timeout = 3 * HangLimit)]
    public async Task Clones_of_a_generation_that_was_rolled_back_are_not_taken_and_the_next_fill_removes_them()
    {
        await (await Machine.WarmImagesAsync()).LinkToAsync(Bench.StateDirectory);
        Bench.With(new ImageYaml { IsWarm = true, WarmLimit = "120s", Further = Standby("count: 1") });
        await CommandAsync("image", "publish", "small", "--warm");
        var second = (await EventuallyWaitingAsync(2)).Should().ContainSingle().Which;
        await CommandAsync("image", "rollback", "small");

        var session = await PrepareAsync(1971);

        session.Trace.ToString().Should().Contain("no standby clone: it is of generation 2, and jobs get generation 1").And.NotContain("Took VM");
        (Record(1971).GetProperty("standby_miss").GetString(), Record(1971).GetProperty("stamp").GetProperty("generation").GetInt32()).Should().Be(("generation", 1));
        var first = (await EventuallyWaitingAsync(1)).Should().ContainSingle().Which;
        first.Should().NotBe(second);
        (await HostCommand.TryAsync("virsh", "-c", "qemu:///system", "domstate", second)).ExitCode.Should().NotBe(0, "it was removed");
        var taker = await PrepareAsync(1972);
        taker.Trace.ToString().Should().Contain($"Took VM {first}");
        Bench.With(new ImageYaml { IsWarm = true });
        await CleanUpAsync(session, taker);
        await NothingWaitsAsync();
    }

    [Fact(Explicit = true, Timeout = 3 * HangLimit)]
    public async Task A_job_gets_a_booted_clone_of_its_own_size_and_none_of_another()
    {
        string[] sizes = ["sizes:", "  max_memory: 512MiB"];
        Bench.With(new ImageYaml { Further = [.. sizes, .. Standby("count: 1", "sizes: [{memory: 320MiB, count: 1}]")] });
        await CommandAsync("image", "publish", "small");
        (await FilledAsync(2)).Should().HaveCount(2);
        var report = JsonDocument.Parse((await Bench.CommandAsync("standby", "--json")).Output).RootElement.GetProperty("standby");
        report.EnumerateArray().Select(line => line.GetProperty("there").GetInt32()).Should().Equal(1, 1);

        var (own, larger, third) = (await PrepareAsync(1981), await PrepareAsync(1982, memory: "320MiB"), await PrepareAsync(1983, memory: "384MiB"));

        own.Trace.ToString().Should().Contain("cold started before");
        larger.Trace.ToString().Should().Contain("cold started before");
        third.Trace.ToString().Should().Contain("no standby clone: ").And.NotContain("Took VM");
        Record(1983).GetProperty("standby_miss").GetString().Should().BeOneOf("size", "none");
        var memory = new List<int>();
        foreach (var session in (JobSession[])[own, larger, third])
        {
            memory.Add(int.Parse(await SaysAsync(session, "awk '/^MemTotal/ { printf \"%d\", $2 / 1024 }' /proc/meminfo"), CultureInfo.InvariantCulture));
        }

        memory.Should().BeInAscendingOrder();
        memory.Zip(memory.Skip(1)).Select(pair => pair.Second - pair.First).Should().OnlyContain(more => more > 48 && more <= 64, "each has 64 MiB more, and the kernel needs some of it for itself");
        Bench.With(new ImageYaml());
        await CleanUpAsync(own, larger, third);
        await NothingWaitsAsync();
    }

    [Theory(Explicit = true, Timeout = 3 * HangLimit)]
    [InlineData("cloud-init")]
    [InlineData("systemd-credentials")]
    public async Task A_clone_with_a_login_of_its_own_boots_ahead_and_its_key_is_no_other_clones(string login)
    {
        Bench.With(new ImageYaml { Login = login, Further = Standby("count: 2") });
        await CommandAsync("image", "publish", "small");
        (await FilledAsync(2)).Should().HaveCount(2);

        var sessions = new[] { await PrepareAsync(1985), await PrepareAsync(1986) };

        var keys = new List<string>();
        foreach (var (session, id) in sessions.Zip((int[])[1985, 1986]))
        {
            session.Trace.ToString().Should().Contain("Took VM ").And.Contain("cold started before");
            await ClockIsRightAsync(session);
            (await SaysAsync(session, "cat /proc/sys/kernel/hostname")).Should().Contain($"-{id}-");
            keys.Add((await HostCommand.OutputAsync("ssh-keygen", "-y", "-f", Record(id).GetProperty("guest").GetProperty("key_file").GetString()!)).Split(' ')[1]);
            (await SaysAsync(session, "cat ~/.ssh/authorized_keys")).Should().Contain(keys[^1]);
        }

        keys.Should().OnlyHaveUniqueItems();
        Bench.With(new ImageYaml { Login = login });
        await CleanUpAsync(sessions);
        await NothingWaitsAsync();
    }

    [Fact(Explicit = true, Timeout = 3 * HangLimit)]
    public async Task A_host_whose_memory_is_full_of_clones_that_wait_admits_a_job_at_once()
    {
        // Two clones take four fifths of the memory that is there now, so a third VM of that size fits only once one of them is gone.
        var available = File.ReadLines("/proc/meminfo").Single(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        var memory = string.Create(CultureInfo.InvariantCulture, $"memory: {long.Parse(available, CultureInfo.InvariantCulture) / 1024 * 2 / 5}MiB");
        Bench.Configure("limits:\n  memory_headroom: 0MiB\n");
        WriteImage("small", memory, Standby("count: 2"));
        WriteImage("other", memory, []);
        await CommandAsync("image", "publish", "small");
        await CommandAsync("image", "publish", "other");
        (await FilledAsync(2)).Should().HaveCount(2);

        var session = Bench.Open(new SimulatedJob { Id = 1991, Image = "other" });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();

        session.Trace.ToString().Should().NotContain("waiting for");
        Waiting().Should().ContainSingle("the oldest made room, and the refill finds none");
        WriteImage("small", memory, []);
        await CleanUpAsync(session);
        await NothingWaitsAsync();
    }

    private static string[] Standby(params string[] lines) => ["standby:", .. lines.Select(line => $"  {line}")];

    private void WriteImage(string name, string memory, string[] further) =>
        Bench.WriteImage(name, new ImageYaml { Name = name, Further = further }.Write(Machine.Guest).Replace("memory: 256MiB", memory, StringComparison.Ordinal));

    private async Task<JobSession> PrepareAsync(int id, string memory)
    {
        var session = Bench.Open(new SimulatedJob { Id = id, Variables = [new JobVariable("VM_MEMORY", memory)] });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();
        return session;
    }

    /// <summary>The fills that stages begin may be at work: waits until exactly one clone waits, and it is of this generation.</summary>
    private async Task<IReadOnlyList<string>> EventuallyWaitingAsync(int generation) => await Eventually.AskAsync(
        async () =>
        {
            await Bench.CommandAsync("standby", "fill");
            return (IReadOnlyList<string>)[.. Waiting().Where(clone => IsOf(clone, generation)).Select(clone => $"vmx-{clone}")];
        },
        clones => clones.Count == 1 && Waiting().Count == 1,
        FillTakes);

    private bool IsOf(string clone, int generation)
    {
        try
        {
            var record = JsonDocument.Parse(File.ReadAllText(Path.Combine(Bench.StateDirectory, "jobs", clone, "job.json"))).RootElement;
            return record.TryGetProperty("standby", out var standby) && standby.ValueKind == JsonValueKind.Object && record.GetProperty("stamp").GetProperty("generation").GetInt32() == generation;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>The record of the clone that a job has, taken or its own.</summary>
    private JsonElement Record(int id) => JsonDocument.Parse(File.ReadAllText(Path.Combine(
        Links().FirstOrDefault(link => Path.GetFileName(link).Contains($"-{id}-", StringComparison.Ordinal)) ?? JobDirectory(id), "job.json"))).RootElement;

    private async Task CommandAsync(params IReadOnlyList<string> arguments)
    {
        var (exitCode, output, error) = await Bench.CommandAsync(arguments, TimeSpan.FromMinutes(10));
        exitCode.Should().Be(0, output + error);
    }
}
