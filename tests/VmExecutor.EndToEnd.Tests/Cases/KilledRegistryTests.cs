using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>
/// Publishing from a registry and pushing to one. The driver and all that it has started are killed just before each kind of change of a file, of message to libvirt and of
/// request to the registry, and in the middle of each kind of transfer. Publishing is tried with a power cut in these moments, too.
/// </summary>
[AlwaysCold("its images come from a registry")]
public sealed partial class KilledRegistryTests(TestMachine machine) : PublishTest(machine)
{
    private const string Tag = "ci/small:1";
    private static readonly TimeSpan TemporaryLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan TransferLimit = TimeSpan.FromMinutes(20);
    private int _current;

    private string Blobs => Path.Combine(ImageDirectory, "blobs");

    [Theory(Timeout = 48 * HangLimit, Explicit = true)]
    [InlineData("generation")]
    [InlineData("container image")]
    public Task Publishing_that_is_killed_at_any_moment_leaves_the_old_or_the_new_generation_whole_and_nothing_else(string kind) => PublishEachAsync(kind, disk: null);

    [Theory(Timeout = 48 * HangLimit, Explicit = true)]
    [InlineData("generation")]
    [InlineData("container image")]
    public async Task Publishing_with_a_power_cut_at_any_moment_leaves_the_old_or_the_new_generation_whole_and_nothing_else(string kind)
    {
        await using var disk = await CrashDisk.MountAsync(Bench.MakeDirectory("disk"), Bench.StateDirectory);
        await PublishEachAsync(kind, disk);
    }

    [Fact(Timeout = 24 * HangLimit, Explicit = true)]
    public async Task Pushing_that_ends_at_any_moment_leaves_the_tag_on_the_old_or_the_new_artifact_whole_and_nothing_else()
    {
        using var registry = await LoopbackRegistry.StartAsync(Bench.MakeDirectory("registry"));
        await using var requests = new RequestKiller(registry.Host);
        await registry.TrustAsync(requests.Host);
        var disk = Path.Combine(Bench.MakeDirectory("source"), "disk.qcow2");
        await HostCommand.OutputAsync("qemu-img", "convert", "-O", "qcow2", Machine.Guest.Disk, disk);
        Bench.With(new ImageYaml { User = "root", File = disk });
        await PublishAsync("small");
        (await Bench.CommandAsync(registry.Variables, ["image", "push", "small", $"{registry.Host}/{Tag}"], TransferLimit)).ExitCode.Should().Be(0);
        var old = await DigestAsync(registry);
        var saved = $"{registry.Store}.old";
        await HostCommand.OutputAsync("cp", "-a", registry.Store, saved);
        await DiskChange.InsertAsync(Machine.Guest.Disk, disk);
        await PublishAsync("small");
        string[] push = ["image", "push", "small", $"{requests.Host}/{Tag}"];
        var killer = await ChangeKiller.MakeAsync(Bench.MakeDirectory("killer"), Bench.StateDirectory);
        var seen = new List<string>();

        await EachAsync(
            killer,
            requests,
            registry,
            push,
            async (moment, isWhole) =>
            {
                var digest = await SettlePushAsync(registry, moment);
                seen.Add(digest);
                (isWhole && digest == old).Should().BeFalse(moment);
                (await Bench.CommandAsync(registry.Variables, push, TransferLimit)).ExitCode.Should().Be(0, $"{moment}: a second time");
                (await SettlePushAsync(registry, moment)).Should().NotBe(old, moment);
                await RestoreAsync();
            },
            RestoreAsync);

        seen.Should().Contain(old, "most moments are before the new one has the tag").And.Contain(digest => digest != old);

        async Task RestoreAsync()
        {
            Directory.Delete(registry.Store, recursive: true);
            await HostCommand.OutputAsync("cp", "-a", saved, registry.Store);
        }
    }

    private async Task PublishEachAsync(string kind, CrashDisk? disk)
    {
        using var registry = await LoopbackRegistry.StartAsync(Bench.MakeDirectory("registry"));
        await using var requests = new RequestKiller(registry.Host);
        await registry.TrustAsync(requests.Host);
        await using var maker = new Bench(Machine);
        var source = kind == "generation" ? await PushAsync(maker, registry) : await PutDiskAsync(registry);
        var lines = new ImageYaml { User = "root" }.Write(Machine.Guest);
        var kernel = kind == "generation" ? "cpus:" : "kernel:";
        Bench.WriteImage("small", $"source: oci\nimage: {requests.Host}/{Tag}\npublish: {{keep: 2}}\n{lines[lines.IndexOf(kernel, StringComparison.Ordinal)..]}");
        var killer = await ChangeKiller.MakeAsync(Bench.MakeDirectory("killer"), Bench.StateDirectory);

        await EachAsync(killer, requests, registry, ["image", "publish", "small"], (moment, isWhole) => SettleAsync(disk, source, moment, isWhole), () =>
        {
            if (Directory.Exists(Blobs))
            {
                Directory.Delete(Blobs, recursive: true);
            }

            return Task.CompletedTask;
        });

        (await Bench.CommandAsync(registry.Variables, ["image", "publish", "small"], TransferLimit)).ExitCode.Should().Be(0);
        var job = await Bench.RunJobAsync(new SimulatedJob { Id = 381, Image = "small", Script = ["echo it runs"] });
        job.State.Should().Be(JobState.Success, job.ToString());
        await SettleAsync(disk, source, "the end", isWhole: true);
        (await Eventually.AskAsync(CollectTemporaryAsync, left => left.Count == 0, TemporaryLimit)).Should().BeEmpty();
    }

    /// <summary>Lets the command run to its end, and notes what it changes and asks for. Then it is run again and again, and each time ended at the first of another kind.</summary>
    /// <param name="killer">Ends it at changes.</param>
    /// <param name="requests">Ends it at requests.</param>
    /// <param name="registry">The registry.</param>
    /// <param name="command">The command.</param>
    /// <param name="settle">Looks at what is left; told the moment, and whether the command came to its end.</param>
    /// <param name="reset">Takes away what lets a command change or ask for less than the first did.</param>
    private async Task EachAsync(
        ChangeKiller killer, RequestKiller requests, LoopbackRegistry registry, IReadOnlyList<string> command, Func<string, bool, Task> settle, Func<Task> reset)
    {
        // The second time: what is made once for all is there then.
        for (var time = 0; time < 2; time++)
        {
            var (exitCode, output) = await RunAsync(killer.Variables(command[1], int.MaxValue));
            exitCode.Should().Be(0, output);
            await settle("the whole way", true);
            await reset();
        }

        var (changes, asked) = (killer.Changes().Select(KindOf).Distinct().ToList(), requests.Kinds);
        TestContext.Current.TestOutputHelper?.WriteLine($"{killer.Changes().Count} changes of {changes.Count} kinds, {asked.Count} kinds of requests:\n{string.Join('\n', changes.Concat(asked))}");
        changes.Should().HaveCountGreaterThan(5);
        asked.Should().HaveCountGreaterThan(3);
        foreach (var kind in changes)
        {
            await EndAsync(kind, () => RunAsync(killer.GroupVariables(command[1], kind)));
        }

        foreach (var kind in asked)
        {
            await EndAsync(kind, () => RunAsync(new Dictionary<string, string>(), pid => requests.Arm(kind, () => HostCommand.OutputAsync("kill", "-KILL", "--", $"-{pid}"))));
        }

        async Task EndAsync(string kind, Func<Task<(int ExitCode, string Output)>> run)
        {
            var (exitCode, output) = await run();
            if (exitCode == 0)
            {
                // The files that earlier runs have left were enough, so the moment to kill did not come, and the run has ended by itself.
                await settle($"{kind}, after the whole way", true);
                await reset();
                (exitCode, output) = await run();
            }

            exitCode.Should().Be(137, $"{kind}: {output}");
            await settle(kind, false);
            TestContext.Current.TestOutputHelper?.WriteLine($"settled: {kind}");
        }

        async Task<(int ExitCode, string Output)> RunAsync(IReadOnlyDictionary<string, string> variables, Action<string>? started = null)
        {
            using var process = Bench.StartGroup(registry.Variables.Concat(variables).ToDictionary(), command);
            try
            {
                started?.Invoke(process.Id.ToString(CultureInfo.InvariantCulture));
                var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
                await process.WaitForExitAsync(TestContext.Current.CancellationToken);
                return (process.ExitCode, string.Concat(said));
            }
            finally
            {
                process.Kill(entireProcessTree: true); // where the test has come to its time limit
            }
        }
    }

    /// <summary>After the cut and gc there is a whole current generation, not older than before, and nothing that is half made.</summary>
    private async Task SettleAsync(CrashDisk? disk, string source, string moment, bool isWhole)
    {
        var known = Numbers();
        if (disk is not null)
        {
            await disk.CutPowerAsync(Bench.Leftovers.RemoveAsync);
        }

        await CollectAsync(moment);
        (await Bench.CommandAsync("image", "prune", "small")).ExitCode.Should().Be(0, moment);
        var current = await CurrentAsync();
        current.Should().BeGreaterThanOrEqualTo(isWhole ? known.Max() : _current, moment).And.BeOneOf(known, moment);
        _current = current;
        Numbers().Should().BeSubsetOf(known, moment).And.Contain(current, moment);
        foreach (var number in Numbers())
        {
            await EnsureWholeAsync(Path.Combine(ImageDirectory, $"{number}"), source, moment);
        }

        Names(ImageDirectory).Where(name => !int.TryParse(name, out _) && !Temporary().IsMatch(name)).Except(["current", "blobs"]).Should().BeEmpty(moment);
    }

    /// <summary>After gc the tag names an artifact whose blobs are all there, and nothing is left of packing.</summary>
    /// <returns>The digest of the tag.</returns>
    private async Task<string> SettlePushAsync(LoopbackRegistry registry, string moment)
    {
        await CollectAsync(moment);
        Names(ImageDirectory).Where(name => !int.TryParse(name, out _)).Should().BeEquivalentTo(["current"], moment);
        var copy = Bench.MakeDirectory("copy");
        var (exitCode, _, error) = await SkopeoAsync(registry, "copy", "-q", $"docker://{registry.Host}/{Tag}", $"dir:{copy}");
        exitCode.Should().Be(0, $"{moment}: all blobs of the tag are there, and skopeo looks at their digests: {error}");
        Directory.Delete(copy, recursive: true);
        return await DigestAsync(registry);
    }

    private async Task CollectAsync(string moment)
    {
        var (exitCode, output, error) = await Bench.CommandAsync("gc");
        exitCode.Should().Be(0, $"{moment}: {output}{error}");
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty(moment);
    }

    /// <summary>Each file is what the record says, by its length and its checksum; and the disk is the one in the registry.</summary>
    private static async Task EnsureWholeAsync(string generation, string source, string moment)
    {
        using var record = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(generation, "image.json")));
        record.RootElement.GetProperty("probe").ValueKind.Should().Be(JsonValueKind.Object, $"{moment}: {generation}");
        foreach (var file in record.RootElement.GetProperty("files").EnumerateArray())
        {
            await using var content = File.OpenRead(Path.Combine(generation, file.GetProperty("path").GetString()!));
            Convert.ToHexStringLower(await SHA256.HashDataAsync(content)).Should().Be(file.GetProperty("sha256").GetString(), $"{moment}: {content.Name}");
        }

        var disk = Path.Combine(generation, "vda.disk");
        (await HostCommand.TryAsync("cmp", source, disk)).Should().Be((0, "", ""), $"{moment}: {disk}");
        var (exitCode, output, error) = await HostCommand.TryAsync("qemu-img", "check", "-U", disk);
        exitCode.Should().Be(0, $"{moment}: {output}{error}");
        System.Xml.Linq.XElement.Load(Path.Combine(generation, "domain.xml")).Name.LocalName.Should().Be("domain", moment);
    }

    /// <summary>A file that is written beside its place goes by gc once it is a minute old.</summary>
    private async Task<List<string>> CollectTemporaryAsync()
    {
        await Bench.CommandAsync("gc");
        return [.. Directory.GetFiles(Bench.StateDirectory, "*.tmp", SearchOption.AllDirectories)];
    }

    /// <summary>Another host publishes the test guest, and pushes it.</summary>
    /// <returns>The disk that is in the registry.</returns>
    private static async Task<string> PushAsync(Bench maker, LoopbackRegistry registry)
    {
        maker.With(new ImageYaml { User = "root" });
        (await maker.CommandAsync("image", "publish", "small")).ExitCode.Should().Be(0);
        (await maker.CommandAsync(registry.Variables, ["image", "push", "small", $"{registry.Host}/{Tag}"], TransferLimit)).ExitCode.Should().Be(0);
        return Path.Combine(maker.StateDirectory, "images/small/1/vda.disk");
    }

    private async Task<string> PutDiskAsync(LoopbackRegistry registry)
    {
        await registry.PutDiskAsync(Tag, Machine.Guest.Disk);
        return Machine.Guest.Disk;
    }

    private static async Task<string> DigestAsync(LoopbackRegistry registry)
    {
        var (exitCode, manifest, error) = await SkopeoAsync(registry, "inspect", "--raw", $"docker://{registry.Host}/{Tag}");
        exitCode.Should().Be(0, error);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(manifest)));
    }

    private static Task<(int ExitCode, string Output, string Error)> SkopeoAsync(LoopbackRegistry registry, params IReadOnlyList<string> arguments) =>
        HostCommand.TryAsync("env", [.. registry.Variables.Select(pair => $"{pair.Key}={pair.Value}"), "skopeo", .. arguments]);

    private List<int> Numbers() => [.. Names(ImageDirectory).Select(name => int.TryParse(name, out var number) ? number : 0).Where(number => number > 0)];

    private static IEnumerable<string> Names(string directory) => Directory.GetFileSystemEntries(directory).Select(entry => Path.GetFileName(entry));

    /// <summary>The change with a star for digits that are others each time. The clone of the probe is made as a job's is, which other tests kill: one kind.</summary>
    private static string KindOf(string change) => change.Contains("/jobs/", StringComparison.Ordinal) ? "*/jobs/*" : Digits().Replace(change, "*");

    [GeneratedRegex(@"\.[0-9a-f]{32}\.tmp\z")]
    private static partial Regex Temporary();

    [GeneratedRegex(@"[0-9a-f]{8,}|(?<=[/.-])[0-9]+")]
    private static partial Regex Digits();
}
