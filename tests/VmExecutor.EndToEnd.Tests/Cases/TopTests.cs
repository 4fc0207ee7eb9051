using System.Globalization;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary><c>top</c> beside three real jobs of known appetite and one that waits, compared with virsh and the files.</summary>
public sealed class TopTests(TestMachine machine) : BenchTest(machine)
{
    private const int WrittenBytes = 48 << 20;

    private static readonly TimeSpan WaitLimit = TimeSpan.FromMinutes(3);

    /// <summary>Each goes on until there is a file in its guest.</summary>
    private static readonly (int Id, string Begin)[] Jobs =
    [
        (981, "while [ ! -e /builds/go ]; do :; done"),
        (982, "while [ ! -e /builds/go ]; do sleep 1; done"),
        (983, $"dd if=/dev/urandom of=/builds/much bs=1M count={WrittenBytes >> 20} oflag=direct; echo written; while [ ! -e /builds/go ]; do sleep 1; done"),
    ];

    [Fact(Timeout = 3 * HangLimit, Explicit = true)]
    public async Task Three_jobs_and_one_that_waits_are_shown_as_they_are()
    {
        Bench.Configure("limits:\n  max_vms: 3\n");
        Bench.With(new ImageYaml { User = "root" });
        var sessions = Jobs.Select(job => Bench.Open(new SimulatedJob { Id = job.Id })).ToList();
        var scripts = new List<Task<StageRecord>>();
        foreach (var (session, (_, begin)) in sessions.Zip(Jobs))
        {
            await session.ConfigAsync();
            (await session.PrepareAsync()).ShouldSucceed();
            scripts.Add(session.RunAsync(SubStages.BuildScript, $"echo begun; {begin}"));
            await session.Trace.ContainsAsync("begun\n");
        }

        var fourth = Bench.Open(new SimulatedJob { Id = 984 });
        await fourth.ConfigAsync();
        var waits = fourth.PrepareAsync();
        await Task.WhenAll(fourth.Trace.ContainsAsync("waiting for a free VM (3 of 3 in use)"), sessions[2].Trace.ContainsAsync("written\n"));

        var before = await CpuTimeAsync(981);
        var top = await Eventually.AskAsync(TopAsync, jobs => jobs.Count == 4 && jobs[981].GetProperty("processors").GetDouble() > 0.3 && jobs[982].GetProperty("processors").GetDouble() < 0.3, WaitLimit);
        var after = await CpuTimeAsync(981);
        var table = await Bench.CommandAsync("top", "--once");
        foreach (var (id, _) in Jobs)
        {
            (await Bench.CommandAsync("ssh", $"{id}", "--", "touch /builds/go")).ExitCode.Should().Be(0);
        }

        (await Task.WhenAll(scripts)).ToList().ForEach(script => script.ShouldSucceed());
        foreach (var session in sessions)
        {
            (await session.CleanupAsync()).ShouldSucceed();
        }

        (await waits).ShouldSucceed();
        (await fourth.CleanupAsync()).ShouldSucceed();

        Jobs.Select(job => top[job.Id]).Should().OnlyContain(job => job.GetProperty("state").GetString() == "running" && job.GetProperty("doing").GetString() == "build_script");
        top[984].GetProperty("state").GetString().Should().Be("waiting");
        top[984].GetProperty("doing").GetString().Should().Be("waiting for a free VM (3 of 3 in use): next in line");
        top[984].GetProperty("reserved_bytes").ValueKind.Should().Be(JsonValueKind.Null);
        top[981].GetProperty("cpu_seconds").GetDouble().Should().BeInRange(before, after, "virsh was asked just before and just after");
        top[983].GetProperty("disk_bytes").GetDouble().Should().BeGreaterThan(WrittenBytes);
        top[982].GetProperty("disk_bytes").GetDouble().Should().BeLessThan(WrittenBytes / 2);
        Jobs.Select(job => top[job.Id].GetProperty("memory_bytes").GetDouble()).Should().OnlyContain(bytes => bytes > 32 << 20);
        Jobs.Select(job => top[job.Id].GetProperty("reserved_bytes").GetDouble()).Distinct().Should().ContainSingle().Which.Should().BeGreaterThan(64 << 20);
        table.Output.Should().StartWith("3 running, 0 starting, 1 waiting; ").And.MatchRegex("981-.* build_script ").And.MatchRegex("984-.* waiting for a free VM");
    }

    /// <summary>By the number of the job in GitLab.</summary>
    private async Task<IReadOnlyDictionary<int, JsonElement>> TopAsync()
    {
        var exit = await Bench.CommandAsync("top", "--json");
        exit.ExitCode.Should().Be(0, exit.ToString());
        return JsonDocument.Parse(exit.Output).RootElement.GetProperty("jobs").EnumerateArray()
            .ToDictionary(job => int.Parse(job.GetProperty("job").GetString()!.Split('-')[^2], CultureInfo.InvariantCulture));
    }

    /// <summary>In seconds, as libvirt's own tool tells it.</summary>
    private async Task<double> CpuTimeAsync(int id)
    {
        var names = await HostCommand.LinesAsync("virsh", "-c", "qemu:///system", "list", "--name");
        var domain = names.Single(name => name.Contains($"{Bench.Token}-{id}-", StringComparison.Ordinal));
        var lines = await HostCommand.LinesAsync("virsh", "-c", "qemu:///system", "domstats", "--cpu-total", domain);
        return double.Parse(lines.Single(line => line.Contains("cpu.time=", StringComparison.Ordinal)).Split('=')[1], CultureInfo.InvariantCulture) / 1e9;
    }
}
