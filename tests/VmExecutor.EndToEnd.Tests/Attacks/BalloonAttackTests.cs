using System.Globalization;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Attacks;

/// <summary>Root in a guest looks for a memory balloon (virtio 1.2, 5.5), and takes what it gives and more.</summary>
[AlwaysCold("one of its machines is a domain's")]
public sealed class BalloonAttackTests(TestMachine machine) : BenchTest(machine)
{
    private const int Id = 1771;
    private const long Mebibyte = 1 << 20;

    // The guest's 256 MiB, and what an emulating QEMU takes for itself.
    private const long MostMemory = 768 * Mebibyte;

    /// <summary>The number of the device among those of virtio.</summary>
    private const string Look = "cat /sys/bus/virtio/devices/*/device";
    private const string Balloon = "0x0005";

    [Fact(Timeout = HangLimit, Explicit = true)]
    public async Task The_drivers_machine_has_no_balloon_and_one_of_a_domain_gives_no_guest_more_than_its_size()
    {
        Bench.With(new ImageYaml { User = "root" });
        var (without, _, _) = await RunAsync(Id, shrink: false);
        await using var source = await SourceDomain.DefineAsync($"base-{Bench.Token}", Bench.MakeDirectory("base"), Machine.Guest, "<memballoon model='virtio'/>");
        Bench.With(new ImageYaml { User = "root", Domain = source.Name });
        var (with, filled, memory) = await RunAsync(Id + 1, shrink: true);

        var evidence = string.Create(CultureInfo.InvariantCulture, $"{without}\n{with}\n{filled}\n{memory / Mebibyte} MiB");
        TestContext.Current.TestOutputHelper?.WriteLine(evidence);
        var scorecard = new Scorecard();
        scorecard.Note("balloon-found", held: without.Contains("0x000", StringComparison.Ordinal) && !without.Contains(Balloon, StringComparison.Ordinal), control: with.Contains(Balloon, StringComparison.Ordinal), evidence);
        scorecard.Note("balloon-thrown-away", held: memory < MostMemory, control: filled.Contains("much-2", StringComparison.Ordinal), evidence);
        scorecard.ShouldBeGreen();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    /// <summary>Looks for the balloon, lets the host ask for memory by it, takes its driver away, and writes more memory than it has left.</summary>
    private async Task<(string Devices, string Filled, long Memory)> RunAsync(int id, bool shrink)
    {
        var session = Bench.Open(new SimulatedJob { Id = id });
        await session.ConfigAsync();
        (await session.PrepareAsync()).ShouldSucceed();
        var domain = $"vmx-{Path.GetFileName(Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs"), $"{Bench.Token}-{id}-*").Single())}";
        var devices = await session.RunAsync(SubStages.PrepareScript, Look);
        devices.ShouldSucceed();
        if (shrink)
        {
            await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "setmem", domain, "128M", "--live");
        }

        var filled = await session.RunAsync(
            SubStages.BuildScript,
            "for device in /sys/bus/virtio/drivers/virtio_balloon/virtio*; do echo ${device##*/} > /sys/bus/virtio/drivers/virtio_balloon/unbind || true; done 2> /dev/null; "
            + "mkdir /fill; mount -t tmpfs -o size=100% fill /fill; head -c 110M /dev/zero | tr '\\0' x > /fill/all; test $(du -m /fill/all | cut -f 1) -ge 110 && echo much-$((1+1))");
        var pid = (await File.ReadAllTextAsync($"/run/libvirt/qemu/{domain}.pid", TestContext.Current.CancellationToken)).Trim();
        var memory = long.Parse(
            File.ReadLines($"/proc/{pid}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
        (await session.CleanupAsync()).ShouldSucceed();
        return (devices.OutputText, filled.OutputText + filled.ErrorText, memory);
    }
}
