using System.Text.Json;
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
public sealed class PublishTests(TestMachine machine) : BenchTest(machine)
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

    [Fact(Timeout = 2 * HangLimit)]
    public async Task Publishing_that_is_killed_at_any_moment_leaves_the_old_generation_or_a_whole_new_one()
    {
        const int Moments = 10;
        Bench.With();
        var time = System.Diagnostics.Stopwatch.StartNew();
        await PublishAsync("small");
        var whole = time.Elapsed;

        for (var moment = 0; moment < Moments; moment++)
        {
            var known = await CurrentAsync();
            using var publishing = Bench.StartCommand("image", "publish", "small");
            await Task.WhenAny(publishing.WaitForExitAsync(TestContext.Current.CancellationToken), Task.Delay(whole * moment / Moments, TestContext.Current.CancellationToken));
            publishing.Kill();
            await publishing.WaitForExitAsync(TestContext.Current.CancellationToken);

            var current = await CurrentAsync();
            current.Should().BeOneOf(known, known + 1, known + 2);
            File.Exists(Path.Combine(ImageDirectory, $"{current}", "image.json")).Should().BeTrue();
        }

        (await Bench.CommandAsync("gc")).ExitCode.Should().Be(0);
        (await Bench.Leftovers.DomainsAsync()).Should().BeEmpty();
        await PublishAsync("small");
        HalfMade().Should().BeEmpty();
        var job = await Bench.RunJobAsync(new SimulatedJob { Id = 321 });
        job.State.Should().Be(JobState.Success, job.ToString());
        job.Last(Stage.Prepare).OutputText.Should().Contain($"(generation {await CurrentAsync()})");
    }

    [Fact(Timeout = 2 * HangLimit)]
    public async Task A_built_image_has_the_hosts_tools_on_its_disk_and_a_downloaded_one_is_checked_first()
    {
        Bench.With();
        var directory = Bench.MakeDirectory("recipes");
        var recipe = await WriteProgramAsync(Path.Combine(directory, "recipe"), $"#!/bin/sh\nset -eu\n[ \"$1\" != --key ] || exit 64\necho building $VMX_IMAGE\nmkdir -p \"$1\"\ncp {Machine.Guest.Disk} {Machine.Guest.Kernel} {Machine.Guest.Initrd} {Machine.Guest.Directory}/cmdline \"$1\"\n");
        await WriteProgramAsync(Path.Combine(directory, "gitlab-runner"), "#!/bin/sh\necho \"stand-in runner: $*\"\n");
        var file = new ImageYaml { User = "root" }.Write(Machine.Guest);
        var rest = file[file.IndexOf("cpus:", StringComparison.Ordinal)..];
        Bench.WriteImage("built", $"source: build\nbuild: {recipe}\ntools: {directory}/gitlab-runner\n{rest}");
        var wrong = new string('0', 64);
        string Download(string sum) => $"source: url\nurl: file://{Machine.Guest.Disk}\nsha256: {sum}\nkernel: {Machine.Guest.Kernel}\ninitrd: {Machine.Guest.Initrd}\ncmdline: \"{Machine.Guest.Cmdline}\"\n{rest}";
        Bench.WriteImage("fetched", Download(wrong));

        var unpublished = await Bench.RunJobAsync(new SimulatedJob { Id = 331, Image = "built" });
        await PublishAsync("built");
        var job = await Bench.RunJobAsync(new SimulatedJob { Id = 332, Image = "built", HasArtifacts = true });
        var unchanged = await Bench.CommandAsync("image", "publish", "built", "--if-changed");

        unpublished.ToString().Should().Contain("VMX1212").And.Contain("vm-executor image publish built");
        job.State.Should().Be(JobState.Success, job.ToString());
        job.Last(Stage.Prepare).OutputText.Should().NotContain("is put into the guest", "it is on the generation's disk");
        job.Last(Stage.Run, SubStages.UploadArtifactsOnSuccess).OutputText.Should().Contain("stand-in runner: artifacts-uploader");
        unchanged.Output.Should().Contain("unchanged since generation 1");

        var refused = await Bench.CommandAsync("image", "publish", "fetched");
        refused.ExitCode.Should().NotBe(0);
        refused.Error.Should().Contain("VMX1210").And.Contain(wrong);
        var sum = (await HostCommand.OutputAsync("sha256sum", Machine.Guest.Disk)).Split(' ')[0];
        Bench.WriteImage("fetched", Download(sum));
        await PublishAsync("fetched");
        Directory.GetFileSystemEntries(Path.Combine(Bench.StateDirectory, "images/fetched")).Select(Path.GetFileName).Should().BeEquivalentTo("1", "current");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_job_chooses_its_sizes_and_the_guest_has_them()
    {
        Bench.With(new ImageYaml { User = "root", Further = ["sizes:", "  max_cpus: 2", "  max_memory: 512MiB", "  max_disk: 3GiB"] });

        var chosen = await Bench.RunJobAsync(new SimulatedJob
        {
            Id = 341,
            Variables = [new("VM_CPUS", "2"), new("VM_MEMORY", "384MiB"), new("VM_DISK", "3GiB")],
            Script = ["echo cpus=$(nproc)", "awk '/^MemTotal/ { print \"memory=\" int($2 / 1024) }' /proc/meminfo", "echo disk=$(df -Pm / | awk 'NR == 2 { print $2 }')"],
        });
        var refused = await Bench.RunJobAsync(new SimulatedJob { Id = 342, Variables = [new("VM_MEMORY", "64GiB")] });

        chosen.State.Should().Be(JobState.Success, chosen.ToString());
        var said = chosen.Last(Stage.Run, SubStages.BuildScript).OutputText.Split('\n').Where(line => line.StartsWith("cpus=", StringComparison.Ordinal) || line.StartsWith("memory=", StringComparison.Ordinal) || line.StartsWith("disk=", StringComparison.Ordinal)).ToDictionary(line => line.Split('=')[0], line => int.Parse(line.Split('=')[1], null));
        said["cpus"].Should().Be(2);
        said["memory"].Should().BeInRange(300, 384);
        said["disk"].Should().BeInRange(2700, 3072, "the file system grows with the disk");
        refused.FailureReason.Should().Be(FailureReason.ScriptFailure, "the author chose it, and a retry does not help");
        refused.ToString().Should().Contain("VMX1014").And.Contain("512MiB");
    }

    private string ImageDirectory => Path.Combine(Bench.StateDirectory, "images/small");

    private IEnumerable<string> HalfMade() => Directory.GetFileSystemEntries(ImageDirectory, ".*");

    private async Task<string> PublishAsync(string image)
    {
        var (exitCode, output, error) = await Bench.CommandAsync("image", "publish", image);
        exitCode.Should().Be(0, output + error);
        return output;
    }

    private async Task<int> CurrentAsync()
    {
        var (_, output, _) = await Bench.CommandAsync("image", "show", "small", "--json");
        using var document = JsonDocument.Parse(output);
        return document.RootElement.GetProperty("images")[0].GetProperty("current").GetInt32();
    }

    private async Task<JobSession> PrepareAsync(long id)
    {
        var session = Bench.Open(new SimulatedJob { Id = id });
        await session.ConfigAsync();
        var prepare = await session.PrepareAsync();
        prepare.ExitCode.Should().Be(0, prepare.ToString());
        return session;
    }

    private static async Task<string> WriteProgramAsync(string path, string text)
    {
        await File.WriteAllTextAsync(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
