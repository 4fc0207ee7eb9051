using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Images as an administrator lives with them: published, edited, published again, tried, lost.</summary>
[AlwaysCold("it publishes and edits images of its own")]
public sealed class PublishTests(TestMachine machine) : PublishTest(machine)
{
    // What the guest's disks say, read from the disks and not from its memory.
    private const string Checksum = "sync; echo 3 >/proc/sys/vm/drop_caches; find /usr/bin /mnt/data -type f | sort | xargs cat | sha256sum";

    [Fact(Timeout = 2 * HangLimit)]
    public async Task A_base_may_be_edited_and_published_again_while_clones_of_it_run()
    {
        await using var source = await SourceDomain.DefineAsync($"base-{Bench.Token}", Bench.MakeDirectory("base"), Machine.Guest);
        Bench.With(new ImageYaml { Domain = source.Name, AllowShutdown = true, User = "root" });
        var before = await source.FingerprintAsync(Machine.Guest);

        await PublishAsync("small");
        (await source.FingerprintAsync(Machine.Guest)).Should().Be(before, "publishing does not touch the base");
        var old = await PrepareAsync(301);
        var first = await old.RunAsync(SubStages.BuildScript, $"cat /mnt/data/hello; {Checksum}");

        // It is edited, booted, and found running by the next publishing, which may shut it down.
        await source.EditAsync("edited");
        await source.StartAsync();
        (await PublishAsync("small")).Should().Contain("asking it to shut down");
        (await source.StateAsync()).Should().Be("shut off");

        var again = await old.RunAsync(SubStages.BuildScript, $"cat /mnt/data/hello; {Checksum}");
        var younger = await Bench.RunJobAsync(new SimulatedJob { Id = 302, Script = ["cat /mnt/data/hello"] });
        var (rolledBack, _, _) = await Bench.CommandAsync("image", "rollback", "small");
        var later = await Bench.RunJobAsync(new SimulatedJob { Id = 303, Script = ["cat /mnt/data/hello"] });
        var inUse = await Bench.CommandAsync("image", "remove", "small");
        (await old.CleanupAsync()).ExitCode.Should().Be(0);

        first.OutputText.Should().StartWith("from the base\n").And.HaveLength("from the base\n".Length + 64 + "  -\n".Length);
        again.OutputText.Should().Be(first.OutputText, "the old clone stands on the old generation");
        younger.Last(Stage.Run, SubStages.BuildScript).OutputText.Should().EndWith("edited\n");
        younger.Last(Stage.Prepare).OutputText.Should().Contain("(generation 2)");
        rolledBack.Should().Be(0);
        later.Last(Stage.Run, SubStages.BuildScript).OutputText.Should().EndWith("from the base\n");
        inUse.ExitCode.Should().NotBe(0);
        inUse.Error.Should().Contain("VMX1215").And.Contain("-301-");
        (await File.ReadAllLinesAsync(Path.Combine(Bench.StateDirectory, "ledger.jsonl"))).Should().Contain(line => line.Contains("-302-") && line.Contains("\"generation\":2"));
    }

    [Fact(Timeout = 2 * HangLimit)]
    public async Task A_generation_that_fails_its_probe_or_was_changed_is_not_used()
    {
        var probe = Path.Combine(Bench.MakeDirectory("probe"), "probe.sh");
        await File.WriteAllTextAsync(probe, "echo looking around in $(hostname); exit 3\n");
        Bench.With();
        await PublishAsync("small");

        Bench.With(new ImageYaml { Further = ["publish:", $"  probe: {probe}"] });
        var failing = await Bench.CommandAsync("image", "publish", "small");
        failing.ExitCode.Should().NotBe(0);
        failing.Output.Should().Contain("looking around in");
        failing.Error.Should().Contain("VMX1216").And.Contain($"the probe script {probe} ended with exit code 3");
        (await CurrentAsync()).Should().Be(1);
        HalfMade().Should().BeEmpty();

        await File.WriteAllTextAsync(probe, "git --version\n");
        await PublishAsync("small");
        (await CurrentAsync()).Should().Be(2);
        var disk = Path.Combine(ImageDirectory, "2", "vda.disk");
        File.GetUnixFileMode(disk).Should().Be(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        await HostCommand.OutputAsync("touch", disk);

        var job = await Bench.RunJobAsync(new SimulatedJob { Id = 311 });

        job.State.Should().Be(JobState.Success, job.ToString());
        job.Last(Stage.Prepare).OutputText.Should().Contain("(generation 1)").And.Contain($"WARNING: generation 2 of image 'small' cannot be trusted and is not used: {disk} was changed");
        (await Bench.CommandAsync("image", "list")).Output.Should().Contain("DAMAGED");
    }

    private async Task<JobSession> PrepareAsync(long id)
    {
        var session = Bench.Open(new SimulatedJob { Id = id });
        await session.ConfigAsync();
        var prepare = await session.PrepareAsync();
        prepare.ExitCode.Should().Be(0, prepare.ToString());
        return session;
    }
}
