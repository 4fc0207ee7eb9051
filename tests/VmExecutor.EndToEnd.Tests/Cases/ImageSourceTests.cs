using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Images that are built or downloaded, and the sizes that jobs choose.</summary>
[AlwaysCold("its images are built, downloaded or of a size that has no template")]
public sealed class ImageSourceTests(TestMachine machine) : PublishTest(machine)
{
    [Fact(Timeout = 2 * HangLimit)]
    public async Task A_built_image_has_the_hosts_tools_on_its_disk_and_a_downloaded_one_is_checked_first()
    {
        Bench.With();
        var directory = Bench.MakeDirectory("recipes");
        var recipe = Bench.WriteProgram(directory, "recipe", $"#!/bin/sh\nset -eu\n[ \"$1\" != --key ] || exit 64\necho building $VMX_IMAGE\nmkdir -p \"$1\"\ncp {Machine.Guest.Disk} {Machine.Guest.Kernel} {Machine.Guest.Initrd} {Machine.Guest.Directory}/cmdline \"$1\"\n");
        Bench.WriteProgram(directory, "gitlab-runner", "#!/bin/sh\necho \"stand-in runner: $*\"\n");
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
}
