using System.Diagnostics;
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

/// <summary>Jobs of known appetite, measured from outside (virsh, /proc, du), and the driver's own word of them.</summary>
public sealed class UsageTests(TestMachine machine) : BenchTest(machine)
{
    private const long Mebibyte = 1 << 20;

    /// <summary>Waits until the guest was looked at once with at least so much memory in use.</summary>
    private const string Seen = "f=${TMPDIR:-/tmp}/vmx-$VMX_RUN-memory; seen() { until [ \"$(tail -n 1 $f)\" -gt $1 ]; do sleep 0.5; done; }; ";

    /// <summary>80 MiB are in a file system in memory until the guest was looked at.</summary>
    private const string TakeMemory = Seen + "seen 1; b=$(tail -n 1 $f); mkdir /m; mount -t tmpfs m /m; dd if=/dev/zero of=/m/x bs=1M count=80; seen $((b + 61440))";

    [Fact(Timeout = HangLimit)]
    public async Task The_end_of_a_job_log_tells_the_memory_that_the_guest_used_and_the_ledger_has_it()
    {
        Bench.With(new ImageYaml { User = "root" });

        var result = await Bench.RunJobAsync(new SimulatedJob { Id = 1931, Name = "memory: [80]", Script = [TakeMemory] });

        result.State.Should().Be(JobState.Success, result.ToString());
        var entry = Ledger().Should().ContainSingle().Which;
        entry.GetProperty("job_name").GetString().Should().Be("memory: [80]");
        entry.GetProperty("memory_bytes").GetInt64().Should().Be(256 * Mebibyte);
        var peak = entry.GetProperty("guest_peak_bytes").GetInt64();
        peak.Should().BeInRange(80 * Mebibyte, 256 * Mebibyte);
        result.Last(Stage.Run, SubStages.CleanupFileVariables).OutputText.Should().Contain(string.Create(CultureInfo.InvariantCulture, $"The VM used at most {Math.Round(peak / (double)Mebibyte, 1):0.#}MiB of its 256MiB of memory"));
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    [Fact(Timeout = 4 * HangLimit, Explicit = true)]
    public async Task The_use_of_three_jobs_is_as_it_was_measured_from_outside()
    {
        Bench.With(new ImageYaml { User = "root" });

        var memory = await MeasureAsync(1941, "memory", TakeMemory);
        var processor = await MeasureAsync(1942, "processor", Seen + "seen 1; i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done");
        var disk = await MeasureAsync(1943, "disk", Seen + "seen 1; dd if=/dev/urandom of=/builds/x bs=1M count=64; sync");

        var (exit, told, error) = await Bench.CommandAsync("usage", "--json", "--since", "1d");
        exit.Should().Be(0, error);
        var jobs = JsonDocument.Parse(told).RootElement.GetProperty("jobs").EnumerateArray().ToDictionary(job => job.GetProperty("job_name").GetString()!);
        jobs.Keys.Should().BeEquivalentTo("memory", "processor", "disk");
        foreach (var (name, outside) in new[] { ("memory", memory), ("processor", processor), ("disk", disk) })
        {
            var job = jobs[name];
            Number(job, "runs").Should().Be(1);
            Number(job, "host_memory_bytes").Should().BeInRange(outside.HostMemoryBytes * 0.95, outside.HostMemoryBytes * 1.05, name);
            Number(job, "cpu_seconds").Should().BeInRange(outside.CpuSeconds, outside.CpuSeconds + (outside.CleanupSeconds * Environment.ProcessorCount), name);
            Number(job, "disk_bytes").Should().BeInRange(outside.DiskBytes, outside.DiskBytes + (16 * Mebibyte), name);
        }

        var peaks = jobs.ToDictionary(job => job.Key, job => Number(job.Value, "guest_peak_bytes"));
        (peaks["memory"] - peaks["processor"]).Should().BeInRange(60 * Mebibyte, 110 * Mebibyte, "80 MiB more are in a tmpfs");
        Number(jobs["processor"], "cpu_seconds").Should().BeGreaterThan(Number(jobs["memory"], "cpu_seconds"));
        (Number(jobs["disk"], "disk_bytes") - Number(jobs["processor"], "disk_bytes")).Should().BeInRange(60 * Mebibyte, 100 * Mebibyte, "64 MiB more were written");
        Number(jobs["memory"], "enough_memory_bytes").Should().BeInRange(peaks["memory"] * 1.25, (peaks["memory"] * 1.25) + (64 * Mebibyte));
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    /// <summary>Runs a job, and measures its VM when its script is over.</summary>
    private async Task<Outside> MeasureAsync(long id, string name, string script)
    {
        var session = Bench.Open(new SimulatedJob { Id = id, Name = name });
        (await session.ConfigAsync()).ShouldSucceed();
        (await session.PrepareAsync()).ShouldSucceed();
        (await session.RunAsync(SubStages.BuildScript, script)).ShouldSucceed();

        var domain = (await Bench.Leftovers.DomainsAsync()).Should().ContainSingle().Which;
        var qemu = (await HostCommand.LinesAsync("ps", "-ww", "-eo", "pid=,args=")).Single(line => line.Contains($"guest={domain},", StringComparison.Ordinal)).Split(' ', 2)[0];
        var status = await File.ReadAllLinesAsync($"/proc/{qemu}/status");
        var began = Stopwatch.GetTimestamp();
        var stats = await HostCommand.LinesAsync("virsh", "-c", "qemu:///system", "domstats", "--cpu-total", domain);
        var cpu = long.Parse(stats.Select(line => line.Trim()).Single(line => line.StartsWith("cpu.time=", StringComparison.Ordinal))["cpu.time=".Length..], CultureInfo.InvariantCulture);
        var overlays = Directory.GetFiles(Path.Combine(Bench.StateDirectory, "jobs"), "*.qcow2", SearchOption.AllDirectories);
        var disk = 0L;
        foreach (var overlay in overlays)
        {
            disk += long.Parse((await HostCommand.OutputAsync("du", "--block-size=1", overlay)).Split('\t')[0], CultureInfo.InvariantCulture);
        }

        (await session.CleanupAsync()).ShouldSucceed();
        return new Outside(Kibibytes(status, "RssAnon:") + Kibibytes(status, "RssShmem:"), cpu / 1e9, disk, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    private IReadOnlyList<JsonElement> Ledger() => [.. File.ReadLines(Path.Combine(Bench.StateDirectory, "ledger.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];

    private static long Kibibytes(IEnumerable<string> status, string name) =>
        long.Parse(status.Single(line => line.StartsWith(name, StringComparison.Ordinal))[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) << 10;

    private static double Number(JsonElement job, string name) => job.GetProperty(name).GetDouble();

    private sealed record Outside(long HostMemoryBytes, double CpuSeconds, long DiskBytes, double CleanupSeconds);
}
