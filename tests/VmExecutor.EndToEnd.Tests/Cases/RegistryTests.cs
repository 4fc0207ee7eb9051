using System.Diagnostics;
using System.Globalization;
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
public sealed partial class RegistryTests(TestMachine machine) : PublishTest(machine)
{
    [Fact(Timeout = 2 * HangLimit, Explicit = true)]
    public async Task A_second_host_gets_the_generation_of_the_first_byte_for_byte_and_runs_jobs_on_it()
    {
        await using var registry = await Registry.StartAsync(Bench.MakeDirectory("registry"));
        await using var second = new Bench(Machine);
        Bench.With(new ImageYaml { User = "root" });
        var file = new ImageYaml { User = "root" }.Write(Machine.Guest);
        second.WriteImage("small", $"source: oci\nimage: {registry.Host}/ci/small:1\n{file[file.IndexOf("cpus:", StringComparison.Ordinal)..]}");
        await PublishAsync("small");

        var missing = await second.CommandAsync(registry.Variables, "image", "publish", "small");
        var pushed = await Bench.CommandAsync(registry.Variables, "image", "push", "small", $"{registry.Host}/ci/small:1");
        var published = await second.CommandAsync(registry.Variables, "image", "publish", "small");
        var job = await second.RunJobAsync(new SimulatedJob { Id = 351, Image = "small", Script = ["echo it runs"] });
        var unchanged = await second.CommandAsync(registry.Variables, "image", "publish", "--all", "--if-changed");
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

    [Theory(Timeout = 2 * HangLimit, Explicit = true)]
    [InlineData("pulling")]
    [InlineData("packing")]
    public async Task A_pull_or_push_that_is_killed_leaves_the_generation_and_nothing_else_after_gc(string moment)
    {
        await using var registry = await Registry.StartAsync(Bench.MakeDirectory("registry"));
        Bench.With(new ImageYaml { User = "root" });
        await PublishAsync("small");
        (await Bench.CommandAsync(registry.Variables, "image", "push", "small", $"{registry.Host}/ci/small:1")).ExitCode.Should().Be(0);
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

    /// <summary>A registry on loopback, and the environment in which skopeo uses it without TLS.</summary>
    private sealed partial class Registry(Process process, string home) : IAsyncDisposable
    {
        public string Host { get; private set; } = "";

        public IReadOnlyDictionary<string, string> Variables { get; } = new Dictionary<string, string> { ["HOME"] = home };

        public static async Task<Registry> StartAsync(string directory)
        {
            var configuration = Path.Combine(directory, "registry.yml");
            await File.WriteAllTextAsync(configuration, $"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {directory}/store}}}}\nhttp: {{addr: '127.0.0.1:0', secret: x}}\nlog: {{formatter: json}}\n");
            var process = Process.Start(new ProcessStartInfo("bash", ["-c", "exec docker-registry serve \"$1\" > /dev/null", "bash", configuration]) { RedirectStandardError = true })!;
            var registry = new Registry(process, directory);
            while (await process.StandardError.ReadLineAsync() is { } line)
            {
                if (Listening().Match(line) is { Success: true } match)
                {
                    registry.Host = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{match.Groups[1].Value}");
                    break;
                }
            }

            _ = process.StandardError.ReadToEndAsync(); // or it would wait for room in the pipe
            Directory.CreateDirectory($"{directory}/.config/containers");
            await File.WriteAllTextAsync($"{directory}/.config/containers/registries.conf", $"[[registry]]\nlocation = \"{registry.Host}\"\ninsecure = true\n");
            await File.WriteAllTextAsync($"{directory}/.config/containers/policy.json", """{"default":[{"type":"insecureAcceptAnything"}]}""");
            return registry;
        }

        public async ValueTask DisposeAsync()
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        [GeneratedRegex(@"listening on 127\.0\.0\.1:([0-9]+)")]
        private static partial Regex Listening();
    }
}
