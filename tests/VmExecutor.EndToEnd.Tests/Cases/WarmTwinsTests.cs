using System.Globalization;
using System.Text.Json;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Two clones of one template at the same time: they begin with the same memory, and are not the same guest.</summary>
[AlwaysWarm]
public sealed class WarmTwinsTests(TestMachine machine) : WarmTest(machine)
{
    private const string Memory = "awk '/^MemAvailable/ { print $2 }' /proc/meminfo";

    [Fact(Timeout = HangLimit)]
    public async Task Random_numbers_session_keys_names_and_clocks_are_each_clones_own()
    {
        var (one, two) = await PrepareTwinsAsync(new ImageYaml { WarmLimit = "120s" }, 401, 402);

        // The very first that any script asks for.
        const string First = "od -An -v -N32 -tx1 /dev/urandom; cat /proc/sys/kernel/random/uuid /proc/sys/kernel/hostname /etc/machine-id /proc/sys/kernel/random/boot_id";
        var (first, second) = ((await SaysAsync(one, First)).Split('\n'), (await SaysAsync(two, First)).Split('\n'));
        var (handshake, other) = (await ExchangeKeysAsync(401), await ExchangeKeysAsync(402));
        var overlays = (await BackingChainAsync(401), await BackingChainAsync(402));

        first.Should().HaveCount(7, "two lines of bytes, four of names, and the end of the last");
        first[..5].Should().NotIntersectWith(second[..5], "random bytes, host name and machine-id are its own");
        first[3].Should().Be(Domain(401));
        second[3].Should().Be(Domain(402));
        first[5].Should().Be(second[5], "it is one boot, which is harmless: else they would be no clones of one template");
        handshake.Cookie.Should().NotBe(other.Cookie);
        handshake.PublicKey.Should().NotBe(other.PublicKey, "session keys would be the same for the same client");
        overlays.Item1[0].Should().NotBe(overlays.Item2[0]);
        overlays.Item1.Skip(1).Should().Equal(overlays.Item2.Skip(1)).And.HaveCountGreaterThan(1);
        overlays.Item1[1].Should().EndWith("vda.qcow2").And.StartWith(JobRecord(401).GetProperty("template").GetString()!);
        await ClockIsRightAsync(one);
        await ClockIsRightAsync(two);
        await CleanUpAsync(one, two);
    }

    [Fact(Timeout = HangLimit)]
    public async Task All_memory_and_a_disk_written_in_one_clone_change_nothing_in_the_other_nor_in_the_template()
    {
        const string State = "sha256sum /run/own /builds/own /bin/bash; ls /run /builds | sha256sum";
        var images = await Machine.WarmImagesAsync();
        var (one, two) = await PrepareTwinsAsync(new ImageYaml { User = "root", WarmLimit = "120s" }, 411, 412);
        var before = await SaysAsync(two, $"for where in /run /builds; do head -c 4M /dev/urandom > $where/own; done; sync; {State}");

        // Down to the last megabytes, which the guest's kernel keeps for itself.
        var filled = await SaysAsync(one, $"mkdir /fill; mount -t tmpfs -o size=100% fill /fill; kb=$({Memory}); head -c $(((kb - 16384) * 1024)) /dev/zero | tr '\\0' x > /fill/all; {Memory}; head -c 32M /dev/urandom > /builds/all; sync");
        var (filler, other) = (await GuestMemory.OfAsync(Domain(411)), await GuestMemory.OfAsync(Domain(412)));
        var after = await SaysAsync(two, $"echo 3 > /proc/sys/vm/drop_caches; {State}");
        await CleanUpAsync(one, two);

        after.Should().Be(before);
        int.Parse(filled, CultureInfo.InvariantCulture).Should().BeLessThan(32 << 10, "nearly nothing was left to write to");
        filler.SizeKibibytes.Should().Be(256 << 10);
        filler.OwnKibibytes.Should().BeGreaterThan(144 << 10, "what was written is the clone's own");
        other.OwnKibibytes.Should().BeLessThan(filler.OwnKibibytes / 2);
        (await images.FingerprintsAsync()).Should().Equal(images.Fingerprints);
    }

    private async Task<(JobSession One, JobSession Two)> PrepareTwinsAsync(ImageYaml image, int one, int two)
    {
        Bench.With(image);
        var sessions = await Task.WhenAll(PrepareAsync(one), PrepareAsync(two));
        return (sessions[0], sessions[1]);
    }

    private Task<SshKeyExchange> ExchangeKeysAsync(int id)
    {
        var guest = JobRecord(id).GetProperty("guest");
        return SshKeyExchange.WithAsync(guest.GetProperty("host").GetString()!, guest.GetProperty("port").GetInt32());
    }

    private async Task<IReadOnlyList<string>> BackingChainAsync(int id)
    {
        var json = await HostCommand.OutputAsync("qemu-img", "info", "-U", "--backing-chain", "--output=json", Path.Combine(JobDirectory(id), "vda.qcow2"));
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateArray().Select(file => file.GetProperty("filename").GetString()!)];
    }
}
