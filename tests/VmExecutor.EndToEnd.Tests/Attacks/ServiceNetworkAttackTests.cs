using System.Globalization;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Attacks;

/// <summary>Root in a guest sends what it likes on the card that joins it with its job's services.</summary>
[AlwaysCold("its machines have one more port than that of the tests' template")]
public sealed class ServiceNetworkAttackTests(TestMachine machine) : BenchTest(machine)
{
    private const int Hostile = 1761;
    private const int Other = 1762;
    private const int Frames = 5_000;
    private const int JumboFrames = 15_000;
    private const int Jumbo = 60_000;
    private const long Mebibyte = 1 << 20;
    private const string Counter = "cat /sys/class/net/eth1/statistics/rx_packets";

    // The guest's 256 MiB, and what an emulating QEMU takes for itself.
    private const long MostMemory = 768 * Mebibyte;

    [Fact(Timeout = HangLimit, Explicit = true)]
    public async Task Frames_with_any_address_reach_the_jobs_own_services_alone_and_are_held_back_in_bounded_memory()
    {
        Bench.With();
        Bench.WriteImage("web", new ImageYaml { Name = "web", Further = ["service: {ports: [80], start: busybox httpd -p 80 -h /run}"] }.Write(Machine.Guest));
        var sessions = new Dictionary<int, JobSession>();
        foreach (var id in (int[])[Hostile, Other])
        {
            sessions[id] = Bench.Open(new SimulatedJob { Id = id, Services = """[{ "name": "web", "alias": "www" }]""" });
            await sessions[id].ConfigAsync();
            (await sessions[id].PrepareAsync()).ShouldSucceed();
        }

        var before = await CountsAsync();
        var flood = await sessions[Hostile].RunAsync(SubStages.BuildScript, Send(Frames, 1400));
        var after = await CountsAsync();

        // A service that takes no frame any more. Its own ssh comes by its first card.
        await InAsync(Hostile, "www", "sudo ip link set eth1 down");
        var held = await sessions[Hostile].RunAsync(SubStages.BuildScript, $"sudo ip link set eth1 mtu 65000; {Send(JumboFrames, Jumbo)}");
        var memory = await Task.WhenAll(ResidentAsync(Hostile, null), ResidentAsync(Hostile, "www"));
        var alive = await InAsync(Other, null, "exec 3<>/dev/tcp/www/80 && echo open");
        foreach (var session in sessions.Values)
        {
            (await session.CleanupAsync()).ShouldSucceed();
        }

        var seen = after.Zip(before, (now, then) => now - then).ToList();
        var evidence = string.Create(CultureInfo.InvariantCulture, $"frames seen by own service, other job, its service: {string.Join(", ", seen)}; {string.Join(" and ", memory.Select(bytes => bytes / Mebibyte))} MiB of at most {MostMemory / Mebibyte}\n{flood}\n{held}");
        TestContext.Current.TestOutputHelper?.WriteLine(evidence);
        var scorecard = new Scorecard();
        scorecard.Note("service-network-flooded", held: seen[1] < 100 && seen[2] < 100 && alive == "open\n", control: seen[0] > Frames / 10, evidence);
        scorecard.Note("service-frames-held-back", held: Sent(held.OutputText) < JumboFrames && memory.Max() < MostMemory && alive == "open\n", control: Sent(flood.OutputText) == Frames, evidence);
        scorecard.ShouldBeGreen();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    /// <summary>Frames to all, each from another card's address, of a kind that no protocol uses (IEEE 802, local experiments). Prints how many went out, after 20 s at the latest.</summary>
    private static string Send(int frames, int bytes) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        sudo perl -e 'socket(S, 17, 3, 0x0300) or die $!; open(I, "/sys/class/net/eth1/ifindex"); $to = pack("SniSCCa8", 17, 0x88b5, <I> + 0, 1, 0, 6, "\xff" x 6);
        $SIG{ALRM} = sub { print "sent=$sent\n"; exit }; alarm 20;
        for (1 .. {{frames}}) { $sent++ if defined send(S, "\xff" x 6 . pack("CCN", 2, 0, $_) . pack("n", 0x88b5) . "\0" x {{bytes}}, 0, $to) } print "sent=$sent\n"'
        """);

    private static int Sent(string output) => int.Parse(output.Split("sent=")[1].Split('\n')[0], CultureInfo.InvariantCulture);

    /// <summary>The frames that came to the hostile job's service, to the other job's guest, and to its service.</summary>
    private async Task<IReadOnlyList<long>> CountsAsync()
    {
        List<long> counts = [];
        foreach (var (id, service) in ((int, string?)[])[(Hostile, "www"), (Other, null), (Other, "www")])
        {
            counts.Add(long.Parse(await InAsync(id, service, Counter), CultureInfo.InvariantCulture));
        }

        return counts;
    }

    private async Task<string> InAsync(int id, string? service, string command)
    {
        var (exitCode, output, error) = await Bench.CommandAsync(["ssh", $"{id}", .. service is null ? Array.Empty<string>() : ["--service", service], "--", command]);
        exitCode.Should().Be(0, output + error);
        return output;
    }

    private async Task<long> ResidentAsync(int id, string? service)
    {
        var job = Path.GetFileName(Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs"), service is null ? $"{Bench.Token}-{id}-*" : $"service0-{id}-*").Single());
        var pid = (await File.ReadAllTextAsync($"/run/libvirt/qemu/vmx-{job}.pid", TestContext.Current.CancellationToken)).Trim();
        return long.Parse(File.ReadLines($"/proc/{pid}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
