using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary><c>state_dir</c> on the file systems that administrators have: a job that boots, publishing, and a job that wakes up.</summary>
[AlwaysCold("the template of one test is its own")]
public sealed class StateDirectoryTests(TestMachine machine) : BenchTest(machine)
{
    [Theory(Explicit = true, Timeout = 600_000)]
    [InlineData("btrfs", "writeback", true)]
    [InlineData("xfs", "none", true)]
    [InlineData("overlay", "none", false)]
    [InlineData("tmpfs", "none", false)]
    [InlineData("ramfs", "writeback", false)]
    public async Task Jobs_boot_and_wake_up_on_each_kind_of_file_system(string kind, string cache, bool hasReflinks)
    {
        Machine.Require(await PlaceOfState.MissingAsync(kind));
        await using var place = await PlaceOfState.MountAsync(kind, Bench.StateDirectory, Bench.MakeDirectory("store"));
        Bench.Configure("limits:\n  disk_headroom: 16MiB\n  disk_watermark: 8MiB\n");
        var disk = Path.Combine(Bench.StateDirectory, "base.qcow2");
        await HostCommand.OutputAsync("cp", "--sparse=always", Machine.Guest.Disk, disk);
        await HostCommand.OutputAsync("chmod", "0644", disk);
        Bench.With(new ImageYaml { File = disk, IsWarm = true, WarmLimit = "120s", Further = [$"disks: {{cache: {cache}}}"] });
        var job = new SimulatedJob { Script = ["head -c 8M /dev/urandom > /tmp/much", "sync", "echo wrote-$((1+1))", "exit 6"] };

        var cold = await Bench.RunJobAsync(job with { Id = 641 });

        cold.ExitCode.Should().Be(6, cold.ToString());
        cold.TraceText.Should().Contain("wrote-2\n").And.Contain(", cold (");
        var (exitCode, output, error) = await Bench.CommandAsync("image", "publish", "small", "--warm");
        exitCode.Should().Be(0, output + error);

        var warm = await Bench.RunJobAsync(job with { Id = 642 });

        warm.ExitCode.Should().Be(6, warm.ToString());
        warm.TraceText.Should().Contain("wrote-2\n").And.Contain(", warm (");
        if (hasReflinks)
        {
            var published = Path.Combine(Bench.StateDirectory, "images/small/1/vda.disk");
            (await HostCommand.OutputAsync("filefrag", "-v", published)).Should().Contain("shared", "publishing copies nothing where blocks can be shared");
        }

        var doctor = await DoctorReport.OfAsync(Bench);
        doctor.Findings.Should().Contain(one => one.Check == "file-system" && one.Found.Contains(kind) && one.Found.Contains("publishing copies nothing") == hasReflinks, doctor.Text);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_read_only_file_system_is_named_by_the_job_and_by_doctor()
    {
        await using var place = await PlaceOfState.MountAsync("tmpfs", Bench.StateDirectory, Bench.MakeDirectory("store"));
        await place.SetReadOnlyAsync();
        var session = Bench.With().Open(new SimulatedJob { Id = 643 });
        await session.ConfigAsync();

        var prepare = await session.PrepareAsync();

        var cleanup = await session.CleanupAsync();
        prepare.ExitCode.Should().Be(StageReading.SystemFailureExitCode, prepare.ToString());
        (prepare.OutputText + prepare.ErrorText).Should().Contain("VMX1503").And.Contain(Bench.StateDirectory).And.Contain("Read-only file system").And.Contain("What to do: ");
        (cleanup.OutputText + cleanup.ErrorText).Should().NotContain("has a bug");
        var doctor = await DoctorReport.OfAsync(Bench);
        doctor.ExitCode.Should().Be(2, doctor.Text);
        doctor.Findings.Should().Contain(one => one.Check == "state-dir" && one.Status == "problem" && one.Found.Contains("read-only", StringComparison.OrdinalIgnoreCase), doctor.Text);
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_cache_mode_that_the_file_system_refuses_is_told_as_one()
    {
        await using var place = await PlaceOfState.MountAsync("ramfs", Bench.StateDirectory, Bench.MakeDirectory("store"));
        var session = Bench.With(new ImageYaml { Further = ["disks: {cache: none}"] }).Open(new SimulatedJob { Id = 644 });
        await session.ConfigAsync();

        var prepare = await session.PrepareAsync();

        await session.CleanupAsync();
        prepare.ExitCode.Should().Be(StageReading.SystemFailureExitCode, prepare.ToString());
        (prepare.OutputText + prepare.ErrorText).Should().Contain("O_DIRECT").And.Contain("What to do: ").And.Contain("cache: writeback");
    }
}
