using System.Globalization;
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

/// <summary>
/// Two hosts and a registry, each in a network of its own with a cable to one switch: each host has its libvirt, its state directory and its
/// configuration.
/// </summary>
[AlwaysCold("its images come from a registry")]
public sealed class TwoHostsTests(TestMachine machine) : IAsyncLifetime
{
    private const int HangLimit = 3_600_000;
    private const string Place = RegistryHost.Address + "/ci/small:current";
    private static readonly TimeSpan TransferLimit = TimeSpan.FromMinutes(20);
    private static readonly string[] Needs = ["docker-registry", "skopeo", "zstd", "nsenter", "unshare", "ip"];

    private readonly List<IAsyncDisposable> _parts = [];
    private IReadOnlyDictionary<string, string> _variables = new Dictionary<string, string>();
    private RegistryHost _registry = null!;
    private Bench _first = null!;
    private Bench _second = null!;
    private int _cable;

    public async ValueTask InitializeAsync()
    {
        machine.Require(await IsolatedLibvirt.MissingAsync(Needs));
        var libvirts = new[] { await AddAsync(IsolatedLibvirt.StartAsync(machine.Root)), await AddAsync(IsolatedLibvirt.StartAsync(machine.Root)) };
        _registry = await AddAsync(RegistryHost.StartAsync(Directory.CreateDirectory(Path.Combine(machine.Root, $"registry-{Guid.NewGuid():N}")).FullName));
        _variables = _registry.Variables;
        await _registry.ConnectAsync(libvirts[0]);
        _cable = await _registry.ConnectAsync(libvirts[1]);
        _first = await AddAsync(Task.FromResult(new Bench(machine, libvirt: libvirts[0])));
        _second = await AddAsync(Task.FromResult(new Bench(machine, libvirt: libvirts[1])));
    }

    /// <summary>The benches first: they look for what is left, and ask the libvirts for it.</summary>
    public async ValueTask DisposeAsync()
    {
        var failures = new List<Exception>();
        foreach (var part in Enumerable.Reverse(_parts))
        {
            try
            {
                await part.DisposeAsync();
            }
            catch (Exception e)
            {
                failures.Add(e);
            }
        }

        GC.SuppressFinalize(this);
        if (failures.Count > 0)
        {
            throw new AggregateException(failures);
        }
    }

    [Fact(Timeout = HangLimit, Explicit = true)]
    public async Task Jobs_run_on_both_hosts_on_one_image_and_a_change_in_one_place_or_all_over_moves_less_than_a_tenth_of_it()
    {
        var disk = Path.Combine(_first.MakeDirectory("source"), "disk.qcow2");
        var image = new ImageYaml { User = "root", File = disk };
        await HostCommand.OutputAsync("qemu-img", "convert", "-O", "qcow2", machine.Guest.Disk, disk);
        _first.With(image);
        var lines = image.Write(machine.Guest);
        _second.WriteImage("small", $"source: oci\nimage: {Place}\n{lines[lines.IndexOf("cpus:", StringComparison.Ordinal)..]}");

        var whole = await RolloutAsync(generation: 1);
        await DiskChange.InsertAsync(machine.Guest.Disk, disk);
        var inserted = await RolloutAsync(generation: 2);
        await DiskChange.ScatterAsync(disk, $"{disk}.new");
        File.Move($"{disk}.new", disk, overwrite: true);
        var scattered = await RolloutAsync(generation: 3);

        TestContext.Current.TestOutputHelper?.WriteLine($"over the cable: {whole} bytes, then {inserted} for 1 % in one place, and {scattered} for 1 % in files all over the disk");
        inserted.Should().BeGreaterThan(1_000_000, "the look sees what moves").And.BeLessThan(whole / 10);
        scattered.Should().BeGreaterThan(200_000).And.BeLessThan(whole / 10);
        Directory.GetFileSystemEntries(Path.Combine(_second.StateDirectory, "images/small")).Select(Path.GetFileName).Should().BeEquivalentTo("1", "2", "3", "current", "blobs");
    }

    /// <summary>The first host publishes, tries and pushes; the second takes it by what its timer runs.</summary>
    /// <returns>The bytes that moved to the second host.</returns>
    private async Task<long> RolloutAsync(int generation)
    {
        await SucceedAsync(_first, "image", "publish", "small");
        await RunJobAsync(_first, generation);
        var digest = Regex.Match(await SucceedAsync(_first, "image", "push", "small", Place), "sha256:[0-9a-f]{64}").Value;
        var before = await _registry.SentAsync(_cable);
        (await SucceedAsync(_second, "image", "publish", "--all", "--if-changed", "--warm")).Should().Contain(digest);
        var moved = await _registry.SentAsync(_cable) - before;
        await RunJobAsync(_second, generation);
        (await SucceedAsync(_second, "image", "show", "small", "--json")).Should().Contain(digest);
        var (here, there) = (Path.Combine(_first.StateDirectory, "images/small", Text(generation)), Path.Combine(_second.StateDirectory, "images/small", Text(generation)));
        foreach (var name in Directory.GetFiles(here).Select(Path.GetFileName).Where(name => name is not ("image.json" or "domain.xml")))
        {
            (await HostCommand.TryAsync("cmp", Path.Combine(here, name!), Path.Combine(there, name!))).ExitCode.Should().Be(0, name);
        }

        return moved;
    }

    private static async Task RunJobAsync(Bench host, int generation)
    {
        var job = await host.RunJobAsync(new SimulatedJob { Id = 900 + generation, Image = "small", Script = ["echo it runs on $(hostname)"] });
        job.State.Should().Be(JobState.Success, job.ToString());
        job.Last(Stage.Prepare).OutputText.Should().Contain($"(generation {generation})");
        job.Last(Stage.Run, SubStages.BuildScript).OutputText.Should().Contain("it runs on");
    }

    private async Task<string> SucceedAsync(Bench host, params IReadOnlyList<string> command)
    {
        var (exitCode, output, error) = await host.CommandAsync(_variables, command, TransferLimit);
        exitCode.Should().Be(0, output + error);
        return output + error;
    }

    private async Task<T> AddAsync<T>(Task<T> part)
        where T : IAsyncDisposable
    {
        var made = await part;
        _parts.Add(made);
        return made;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
