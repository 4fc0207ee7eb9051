using System.Text.Json;
using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Two hosts, each with a state directory of its own, and a registry between them.</summary>
[AlwaysCold("its images come from a registry")]
public sealed class RegistryTests(TestMachine machine) : PublishTest(machine)
{
    private static readonly TimeSpan TransferLimit = TimeSpan.FromMinutes(20);

    [Fact(Timeout = 8 * HangLimit, Explicit = true)]
    public async Task A_second_host_gets_the_generation_of_the_first_byte_for_byte_and_runs_jobs_on_it()
    {
        using var registry = await LoopbackRegistry.StartAsync(Bench.MakeDirectory("registry"));
        await using var second = new Bench(Machine);
        Bench.With(new ImageYaml { User = "root" });
        var file = new ImageYaml { User = "root" }.Write(Machine.Guest);
        second.WriteImage("small", $"source: oci\nimage: {registry.Host}/ci/small:1\n{file[file.IndexOf("cpus:", StringComparison.Ordinal)..]}");
        await PublishAsync("small");

        var missing = await second.CommandAsync(registry.Variables, ["image", "publish", "small"], TransferLimit);
        var pushed = await Bench.CommandAsync(registry.Variables, ["image", "push", "small", $"{registry.Host}/ci/small:1"], TransferLimit);
        var published = await second.CommandAsync(registry.Variables, ["image", "publish", "small"], TransferLimit);
        var job = await second.RunJobAsync(new SimulatedJob { Id = 351, Image = "small", Script = ["echo it runs"] });
        var unchanged = await second.CommandAsync(registry.Variables, ["image", "publish", "--all", "--if-changed"], TransferLimit);
        var shown = await second.CommandAsync("image", "show", "small", "--json");

        missing.Error.Should().Contain("VMX1228").And.Contain("is not in the registry");
        pushed.ExitCode.Should().Be(0, pushed.Output + pushed.Error);
        published.ExitCode.Should().Be(0, published.Output + published.Error);
        job.State.Should().Be(JobState.Success, job.ToString());
        job.Last(Stage.Run, SubStages.BuildScript).OutputText.Should().Contain("it runs");
        unchanged.Output.Should().Contain("unchanged since generation 1");
        var digest = Regex.Match(pushed.Output, "sha256:[0-9a-f]{64}").Value;
        using var document = JsonDocument.Parse(shown.Output);
        document.RootElement.GetProperty("images")[0].GetProperty("generations")[0].GetProperty("digest").GetString().Should().Be(digest);
        var here = Path.Combine(Bench.StateDirectory, "images/small/1");
        var there = Path.Combine(second.StateDirectory, "images/small/1");
        foreach (var path in Directory.GetFiles(here).Select(Path.GetFileName).Where(name => name is not ("image.json" or "domain.xml")))
        {
            (await HostCommand.TryAsync("cmp", Path.Combine(here, path!), Path.Combine(there, path!))).ExitCode.Should().Be(0, path);
        }

        Directory.GetFiles(there).Select(Path.GetFileName).Should().BeEquivalentTo(Directory.GetFiles(here).Select(Path.GetFileName));
        Directory.GetFileSystemEntries(Path.Combine(Bench.StateDirectory, "images/small")).Select(Path.GetFileName).Should().BeEquivalentTo("1", "current");
        Directory.GetFileSystemEntries(Path.Combine(second.StateDirectory, "images/small")).Select(Path.GetFileName).Should().BeEquivalentTo("1", "current", "blobs");
    }

    [Theory(Timeout = 8 * HangLimit, Explicit = true)]
    [InlineData("pulling")]
    [InlineData("packing")]
    public async Task A_pull_or_push_that_is_killed_leaves_the_generation_and_nothing_else_after_gc(string moment)
    {
        using var registry = await LoopbackRegistry.StartAsync(Bench.MakeDirectory("registry"));
        Bench.With(new ImageYaml { User = "root" });
        await PublishAsync("small");
        (await Bench.CommandAsync(registry.Variables, ["image", "push", "small", $"{registry.Host}/ci/small:1"], TransferLimit)).ExitCode.Should().Be(0);
        var file = new ImageYaml { User = "root" }.Write(Machine.Guest);
        Bench.WriteImage("small", $"source: oci\nimage: {registry.Host}/ci/small:1\n{file[file.IndexOf("cpus:", StringComparison.Ordinal)..]}");

        using var process = Bench.StartCommand(registry.Variables, moment == "pulling" ? ["image", "publish", "small"] : ["image", "push", "small", $"{registry.Host}/ci/small:2"]);
        string? line;
        while ((line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)) is not null && !line.Contains(moment, StringComparison.Ordinal))
        {
            // Up to that moment.
        }

        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await Bench.CommandAsync("gc");

        line.Should().NotBeNull();
        (await CurrentAsync()).Should().Be(1);
        HalfMade().Should().BeEmpty();
        Directory.GetFileSystemEntries(ImageDirectory).Select(Path.GetFileName).Except(["blobs"]).Should().BeEquivalentTo("1", "current");
    }
}
