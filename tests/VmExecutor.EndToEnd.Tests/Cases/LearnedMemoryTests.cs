using System.Globalization;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>
/// <c>limits.reserve: learned</c> with real VMs, seen with virsh and /proc/meminfo. Other work on the machine takes and gives back memory meanwhile, so each limit has a GiB to spare on both sides.
/// </summary>
[AlwaysCold("the template that the tests share has 256 MiB of memory, which is too little to save any")]
public sealed class LearnedMemoryTests(TestMachine machine) : BenchTest(machine)
{
    private const int Jobs = 6;
    private const long Mebibyte = 1 << 20;
    private const long VmBytes = 1024 * Mebibyte;

    /// <summary>Three VMs of the declared size fit into it, and half of one more.</summary>
    private const long Room = VmBytes * 7 / 2;

    private const string TakeMemory = "mkdir -p /m; mount -t tmpfs -o size=800m m /m; dd if=/dev/zero of=/m/x bs=1M count=700; ";

    [Fact(Timeout = 8 * HangLimit, Explicit = true)]
    public async Task More_of_the_same_jobs_run_at_once_and_one_that_takes_more_than_it_ever_did_is_stopped_alone()
    {
        Bench.With(new ImageYaml { User = "root", Memory = "1GiB" });

        // All that get room keep it until the others wait.
        Limit("declared", headroom: Available() - Room);
        await using var first = new AliveWatch(Bench.Token);
        var (sessions, prepares) = await BeginAsync(2101);
        await Task.WhenAll(sessions.Zip(prepares).Select(job => Task.WhenAny(job.Second, job.First.Trace.ContainsAsync("waiting for "))));
        await first.EndAsync();
        var declared = first.Most;
        await EndAsync(sessions, prepares, script: "true");
        declared.Should().BeInRange(1, Jobs - 1);
        sessions.Should().Contain(session => session.Trace.ToString().Contains("waiting for 1GiB of memory", StringComparison.Ordinal));

        // All keep their room until each has a VM.
        Limit("learned", headroom: Available() - Room);
        await using var second = new AliveWatch(Bench.Token);
        (sessions, prepares) = await BeginAsync(2201);
        (await Task.WhenAll(prepares)).ToList().ForEach(prepare => prepare.ShouldSucceed());
        await second.EndAsync();
        second.Most.Should().Be(Jobs);
        sessions.Should().OnlyContain(session => session.Trace.ToString().Contains(" of the host's memory are kept for the VM, by what earlier runs of the job took", StringComparison.Ordinal));
        await IsToldAsync();

        // The oldest takes more than it ever did, on a host that is short of memory for all of them.
        Limit("learned", headroom: Available() + (5 * VmBytes), watermark: Available() + (4 * VmBytes));
        var honest = sessions.Skip(1).Select(session => session.RunAsync(SubStages.BuildScript, "echo begun; while [ ! -e /builds/go ]; do sleep 0.5; done")).ToList();
        await Task.WhenAll(sessions.Skip(1).Select(session => session.Trace.ContainsAsync("begun\n")));
        var liar = await sessions[0].RunAsync(SubStages.BuildScript, TakeMemory + "sleep 600");
        var alive = await Bench.Leftovers.DomainsAsync();
        for (var number = 1; number < Jobs; number++)
        {
            var (exitCode, output, error) = await Bench.CommandAsync("ssh", $"{2201 + number}", "--", "touch /builds/go");
            exitCode.Should().Be(0, $"{output}{error}{sessions[number].Trace}");
        }

        (await Task.WhenAll(honest)).ToList().ForEach(run => run.ShouldSucceed());
        liar.ExitCode.Should().Be(StageReading.SystemFailureExitCode, liar.ToString());
        liar.ErrorText.Should().Contain("stopping VM vmx-").And.Contain("VMX1514").And.Contain("The VM of job 'unit' of project 'group/project' has taken ");
        alive.Should().HaveCount(Jobs - 1).And.NotContain(name => name.Contains("-2201-", StringComparison.Ordinal));
        TestContext.Current.TestOutputHelper?.WriteLine($"declared: {declared} at once, learned: {second.Most}; {liar.ErrorText}");
        await EndAsync(sessions, prepares, script: null);
        Ledger(2201).GetProperty("reason").GetString().Should().Be("VMX1514");
        Ledger(2202).GetProperty("reserved_bytes").GetInt64().Should().BeLessThan(VmBytes);

        // Its retry has its whole size kept, and takes it on the same short host.
        Limit("learned", headroom: 512 * Mebibyte);
        var retry = Bench.Open(new SimulatedJob { Id = 2301 });
        await retry.ConfigAsync();
        (await retry.PrepareAsync()).ShouldSucceed();
        retry.Trace.ToString().Should().NotContain("are kept for the VM");
        Limit("learned", headroom: Available() + (5 * VmBytes), watermark: Available() + (4 * VmBytes));
        (await retry.RunAsync(SubStages.BuildScript, TakeMemory + "sleep 2")).ShouldSucceed();
        (await retry.CleanupAsync()).ShouldSucceed();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    /// <summary>Begins them one after the other, so that the first is the oldest. Their prepares go on side by side.</summary>
    private async Task<(IReadOnlyList<JobSession> Sessions, IReadOnlyList<Task<StageRecord>> Prepares)> BeginAsync(int first)
    {
        var sessions = Enumerable.Range(first, Jobs).Select(id => Bench.Open(new SimulatedJob { Id = id })).ToList();
        var prepares = new List<Task<StageRecord>>();
        foreach (var session in sessions)
        {
            await session.ConfigAsync();
            prepares.Add(session.PrepareAsync());
            await await Task.WhenAny(session.Trace.ContainsAsync("The VM gets "), prepares[^1]);
        }

        return (sessions, prepares);
    }

    /// <summary>Ends them one after the other; those that wait get the room of those before them.</summary>
    /// <param name="sessions">The jobs.</param>
    /// <param name="prepares">Their prepares.</param>
    /// <param name="script">Runs before the end; null: nothing does.</param>
    private static async Task EndAsync(IReadOnlyList<JobSession> sessions, IReadOnlyList<Task<StageRecord>> prepares, string? script)
    {
        foreach (var (session, prepare) in sessions.Zip(prepares))
        {
            (await prepare).ShouldSucceed();
            if (script is not null)
            {
                (await session.RunAsync(SubStages.BuildScript, script)).ShouldSucceed();
            }

            // The runner's word at the end of a job: only a success says what a whole run takes.
            session.SetStatus(session.Trace.ToString().Contains("VMX1514", StringComparison.Ordinal) ? "failed" : "success");
            (await session.CleanupAsync()).ShouldSucceed();
        }
    }

    /// <summary>Compares the memory that the six VMs have, the part that is kept for them, and the part that they have taken.</summary>
    private async Task IsToldAsync()
    {
        var top = JsonDocument.Parse((await Bench.CommandAsync("top", "--json")).Output).RootElement.GetProperty("jobs").EnumerateArray().ToList();
        top.Should().HaveCount(Jobs).And.OnlyContain(job => job.GetProperty("vm_memory_bytes").GetInt64() == VmBytes && job.GetProperty("reserved_bytes").GetInt64() < VmBytes / 2);
        var reserved = top.Sum(job => job.GetProperty("reserved_bytes").GetInt64());
        var metrics = (await Bench.CommandAsync("metrics")).Output.Split('\n');
        Metric("vm_executor_memory_declared_bytes").Should().Be(Jobs * VmBytes);
        Metric("vm_executor_memory_reserved_bytes").Should().Be(reserved);
        Metric("vm_executor_memory_taken_bytes").Should().BeInRange(Jobs * 64 * Mebibyte, reserved);
        (await Bench.CommandAsync("top", "--once")).Output.Should().MatchRegex(@"[0-9.]+MiB / 1GiB");

        long Metric(string name) => (long)double.Parse(metrics.Single(line => line.StartsWith($"{name} ", StringComparison.Ordinal)).Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private void Limit(string reserve, long headroom, long watermark = 1 << 20) => Bench.ConfigureAnew(string.Create(
        CultureInfo.InvariantCulture,
        $"limits: {{reserve: {reserve}, reserve_floor: 64MiB, reserve_margin: 60, memory_headroom: {Math.Max(headroom / Mebibyte, 2)}MiB, memory_watermark: {watermark / Mebibyte}MiB}}\n"));

    /// <summary>In bytes, as the kernel says.</summary>
    private static long Available() => long.Parse(
        File.ReadLines("/proc/meminfo").Single(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;

    private JsonElement Ledger(int id) => File.ReadLines(Path.Combine(Bench.StateDirectory, "ledger.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)
        .Single(entry => entry.GetProperty("job").GetString()!.Contains($"-{id}-", StringComparison.Ordinal));
}
