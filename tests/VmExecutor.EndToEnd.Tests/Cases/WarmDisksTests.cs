using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Machines with more than one disk.</summary>
[AlwaysCold("it makes a template of its own")]
public sealed class WarmDisksTests(TestMachine machine) : WarmTest(machine)
{
    [Fact(Timeout = 2 * HangLimit, Explicit = true)]
    public async Task A_clone_of_a_domain_with_two_disks_wakes_up_with_both()
    {
        await using var source = await SourceDomain.DefineAsync($"base-{Bench.Token}", Bench.MakeDirectory("base"), Machine.Guest);
        Bench.With(new ImageYaml { Domain = source.Name, User = "root", IsWarm = true });
        var before = await source.FingerprintAsync(Machine.Guest);
        var (exitCode, output, error) = await Bench.CommandAsync("image", "publish", "small", "--warm");
        exitCode.Should().Be(0, output + error);
        var template = WarmImages.TemplateIn(Path.Combine(Bench.StateDirectory, "images"));
        var frozen = await FingerprintsAsync(template);

        var one = await PrepareAsync(461);
        (await SaysAsync(one, "cat /mnt/data/hello; echo changed > /mnt/data/hello; echo changed > /builds/changed; sync")).Should().Be("from the base\n");
        var two = await PrepareAsync(462);
        (await SaysAsync(two, "cat /mnt/data/hello; ls /builds/changed 2>/dev/null || echo none")).Should().Be("from the base\nnone\n");
        var overlays = Directory.GetFiles(JobDirectory(461), "*.qcow2").Select(Path.GetFileName);

        overlays.Should().BeEquivalentTo("vda.qcow2", "vdb.qcow2");
        await CleanUpAsync(one, two);
        WarmProof.Cold(Bench.StateDirectory).Should().BeEmpty();
        (await FingerprintsAsync(template)).Should().Equal(frozen);
        (await source.FingerprintAsync(Machine.Guest)).Should().Be(before, "a source is never modified");
    }

    private static Task<string[]> FingerprintsAsync(string template) =>
        Task.WhenAll(Directory.GetFiles(template).Order(StringComparer.Ordinal).Select(FileFingerprint.OfAsync));
}
