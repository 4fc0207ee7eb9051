using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>The memory and disk of many clones of one template.</summary>
[AlwaysWarm]
public sealed class WarmMemoryTests(TestMachine machine) : WarmTest(machine)
{
    private const int Clones = 8;
    private const int MostKibibytes = 16 << 10;

    [Fact(Timeout = 2 * HangLimit)]
    public async Task Eight_clones_run_at_once_and_have_little_memory_each_to_themselves()
    {
        Bench.With(new ImageYaml { WarmLimit = "120s" });
        var ids = Enumerable.Range(421, Clones).ToList();

        // They come one by one, and are there all at once; who comes at the same moment is ManyJobsTests' business.
        var sessions = new List<JobSession>();
        foreach (var id in ids)
        {
            sessions.Add(await PrepareAsync(id));
        }

        var answers = await Task.WhenAll(sessions.Select(session => SaysAsync(session, "cat /proc/sys/kernel/hostname")));
        var memory = await Task.WhenAll(ids.Select(id => GuestMemory.OfAsync(Domain(id))));
        var files = await OpenFile.OfAsync(Domain(ids[0]));
        var qemu = (await HostCommand.OutputAsync("qemu-system-x86_64", "--version")).Split(' ')[3];
        await Task.WhenAll(sessions.Select(session => CleanUpAsync(session)));

        files.Where(file => file.Name == "ram.img").Should().NotBeEmpty().And.OnlyContain(file => file.IsWritable == Version.Parse(qemu) < new Version(8, 2), $"QEMU {qemu} opens the template's memory");
        files.Should().NotContain(file => file.Name == "state.bin", "the state is read once");
        answers.Should().OnlyHaveUniqueItems();
        TestContext.Current.SendDiagnosticMessage($"own KiB: {string.Join(", ", memory.Select(each => each.OwnKibibytes))}");
        memory.Should().OnlyContain(each => each.SizeKibibytes == 256 << 10 && each.OwnKibibytes > 0 && each.OwnKibibytes <= MostKibibytes, "each has at most 16 MiB of 256 to itself");
    }
}
