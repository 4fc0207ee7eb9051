using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>The clones that bench measures are real; no test judges how long they take.</summary>
[AlwaysCold("bench chooses its starts itself, and one test makes templates of its own")]
public sealed class BenchCommandTests(TestMachine machine) : BenchTest(machine)
{
    private const string Image = "small";
    private const int TwiceAsLong = 2 * HangLimit;

    [Fact(Timeout = HangLimit)]
    public async Task An_image_without_templates_is_measured_cold_and_held_to_its_budget()
    {
        Write();

        var (exitCode, output, error) = await Bench.CommandAsync("bench", Image, "-n", "1", "--json", "--budget", "cold=1ms");

        exitCode.Should().Be(1, error);
        error.Should().Contain("over budget: cold start: the median of prepare is ");
        var report = JsonDocument.Parse(output).RootElement;
        var cold = report.GetProperty("starts").EnumerateArray().Should().ContainSingle().Which;
        ShouldBeWhole(cold, "source", "disks", "start", "boot", "ssh");
        report.GetProperty("remarks")[0].GetString().Should().Contain("only cold starts are measured").And.Contain("warm: {enabled: true}");
        report.GetProperty("over_budget").GetArrayLength().Should().Be(1);
        foreach (var bare in new[] { "ssh_true", "ssh_shell", "destroy", "job" })
        {
            report.GetProperty("floor").GetProperty(bare).GetProperty("median").GetDouble().Should().BePositive(bare);
        }
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_project_disk_with_contents_is_measured_at_its_start_and_at_its_end_and_is_gone_afterwards()
    {
        Bench.WriteImage(Image, new ImageYaml { Name = Image, User = "root", Further = ["project_disk: {size: 256MiB}"] }.Write(Machine.Guest));

        var (exitCode, output, error) = await Bench.CommandAsync("bench", Image, "-n", "1", "--contents", "32MiB", "--json");

        exitCode.Should().Be(0, error);
        var cold = JsonDocument.Parse(output).RootElement.GetProperty("starts").EnumerateArray().Should().ContainSingle().Which;
        ShouldBeWhole(cold, "source", "disks", "start", "boot", "ssh", "project-disk");
        cold.GetProperty("unmount_seconds").GetProperty("median").GetDouble().Should().BePositive();
        cold.GetProperty("promote_seconds").GetProperty("median").GetDouble().Should().BePositive();
        Directory.EnumerateFileSystemEntries(Path.Combine(Bench.StateDirectory, "disks")).Should().BeEmpty();
        var notes = File.ReadAllLines(Path.Combine(Bench.StateDirectory, "ledger.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("project_disk")).ToList();
        notes.Take(2).Select(note => note.GetProperty("promoted").GetInt32()).Should().Equal(1, 2);
        notes[0].GetProperty("bytes").GetInt64().Should().BeGreaterThan(32 << 20, "the contents are on it");
    }

    [Fact(Timeout = TwiceAsLong, Explicit = true)]
    public async Task Two_clones_at_once_are_measured_cold_warm_and_from_standby()
    {
        Write("warm: {enabled: true}", "standby: {count: 2}");
        foreach (var step in new[] { "publish", "warm" })
        {
            var made = await Bench.CommandAsync("image", step, Image);
            made.ExitCode.Should().Be(0, made.Output + made.Error);
        }

        var (exitCode, output, error) = await Bench.CommandAsync("bench", Image, "-n", "1", "--concurrency", "2", "--json");
        var drained = await Bench.CommandAsync("standby", "drain");
        var removed = await Bench.CommandAsync("image", "remove", Image);

        drained.ExitCode.Should().Be(0, drained.Error);
        removed.ExitCode.Should().Be(0, "no clone holds it any more: " + removed.Error);
        exitCode.Should().Be(0, error);
        var report = JsonDocument.Parse(output).RootElement;
        var starts = report.GetProperty("starts").EnumerateArray().ToDictionary(start => start.GetProperty("start").GetString()!);
        starts.Keys.Should().BeEquivalentTo("cold", "warm", "standby");
        ShouldBeWhole(starts["warm"], "source", "disks", "start", "load", "address", "ssh", "identity");
        Bytes(starts["warm"]).Should().BeLessThan(Bytes(starts["cold"]), "a warm clone shares what it has not written to");
        ShouldBeWhole(starts["standby"], "source", "take", "resume", "identity");
        report.GetProperty("standby_is_faster_by").GetDouble().Should().BePositive();
        report.GetProperty("warm_is_faster_by").GetDouble().Should().BePositive();
        report.GetProperty("remarks").GetArrayLength().Should().Be(0);
        report.GetProperty("floor").ValueKind.Should().Be(JsonValueKind.Null, "it is one clone's");
    }

    private static void ShouldBeWhole(JsonElement start, params string[] phases)
    {
        start.GetProperty("phases").EnumerateArray().Select(phase => phase.GetProperty("name").GetString()).Should().Equal(phases);
        foreach (var measured in new[] { "config_seconds", "prepare_seconds", "script_seconds", "cleanup_seconds", "job_seconds", "pss_bytes", "own_guest_memory_bytes", "disk_bytes" })
        {
            start.GetProperty(measured).GetProperty("median").GetDouble().Should().BePositive(measured);
        }
    }

    private static double Bytes(JsonElement start) => start.GetProperty("own_guest_memory_bytes").GetProperty("max").GetDouble();

    /// <summary>With a limit for hosts that do much else meanwhile.</summary>
    private void Write(params string[] further) => Bench.WriteImage(
        Image, new ImageYaml { Name = Image, Further = further }.Write(Machine.Guest).Replace("timeouts:\n", "timeouts:\n  warm: 120s\n", StringComparison.Ordinal));
}
