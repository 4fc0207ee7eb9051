using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Attacks;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Guests that do not come up, do not stay up, or are not who they should be; and images that are not there.</summary>
public sealed class BrokenGuestTests(TestMachine machine) : BenchTest(machine)
{
    [AlwaysCold("no VM comes up")]
    [Fact(Timeout = HangLimit)]
    public async Task An_unknown_image_is_a_build_failure_that_lists_the_images()
    {
        Bench.With().With(new ImageYaml { Name = "other-one" });

        var result = await Bench.RunJobAsync(new SimulatedJob { Image = "no-such-image" });

        result.FailureReason.Should().Be(FailureReason.ScriptFailure, "the job's author must act");
        result.Stages.Count(stage => stage.Stage == Stage.Cleanup).Should().Be(1, "it is not retried");
        result.TraceText.Should().ContainAll("no-such-image", "other-one", "small").And.MatchRegex("VMX[0-9]{4}");
        result.Last(Stage.Cleanup).ExitCode.Should().Be(0, result.ToString());
    }

    [AlwaysCold("a base that is not there cannot be published")]
    [Fact(Timeout = HangLimit)]
    public async Task A_missing_base_disk_is_a_system_failure_that_names_it()
    {
        Bench.With(new ImageYaml { File = "/nonexistent/base.qcow2" });

        var result = await Bench.RunJobAsync(new SimulatedJob());

        result.FailureReason.Should().Be(FailureReason.RunnerSystemFailure);
        result.Stages.Count(stage => stage.Stage == Stage.Prepare).Should().Be(3, "the operator may repair it meanwhile");
        result.TraceText.Should().Contain("/nonexistent/base.qcow2").And.MatchRegex("VMX[0-9]{4}");
    }

    [AlwaysCold("a base that is not there cannot be published")]
    [Theory(Timeout = HangLimit)]
    [InlineData("corrupt", "VMX1201")]
    [InlineData("unreadable", "VMX1202")]
    public async Task A_base_disk_that_cannot_be_used_is_a_system_failure_that_names_it(string what, string code)
    {
        var disk = Path.Combine(Bench.MakeDirectory("base"), "base.qcow2");
        if (what == "corrupt")
        {
            // qcow2's magic number and version, then nonsense.
            await File.WriteAllBytesAsync(disk, [0x51, 0x46, 0x49, 0xFB, 0, 0, 0, 3, .. new byte[500]]);
        }
        else
        {
            File.Copy(Machine.Guest.Disk, disk);
            File.SetUnixFileMode(disk, UnixFileMode.UserRead);
        }

        Bench.With(new ImageYaml { File = disk });
        var session = Bench.Open(new SimulatedJob { Id = 46 });
        await session.ConfigAsync();

        var prepare = await session.PrepareAsync();
        var cleanup = await session.CleanupAsync();

        prepare.ExitCode.Should().Be(StageReading.SystemFailureExitCode, prepare.ToString());
        session.Trace.ToString().Should().Contain(disk).And.Contain(code);
        cleanup.ExitCode.Should().Be(0, cleanup.ToString());
    }

    [AlwaysCold("a guest that does not boot has no template")]
    [Fact(Timeout = HangLimit)]
    public async Task A_guest_that_never_answers_is_a_system_failure_with_its_last_console_lines()
    {
        // Without a root file system and without panic= the kernel stops and says so.
        Bench.With(new ImageYaml { Cmdline = "console=ttyS0 rdinit=/nonexistent root=/dev/none", BootSeconds = 25 });
        var session = Bench.Open(new SimulatedJob { Id = 41 });
        await session.ConfigAsync();

        var prepare = await session.PrepareAsync();
        var cleanup = await session.CleanupAsync();

        prepare.ExitCode.Should().Be(StageReading.SystemFailureExitCode, prepare.ToString());
        prepare.Duration.Should().BeGreaterThan(TimeSpan.FromSeconds(25)).And.BeLessThan(TimeSpan.FromSeconds(60));
        session.Trace.ToString().Should().Contain("Kernel panic").And.MatchRegex("VMX[0-9]{4}").And.Contain("25");
        cleanup.ExitCode.Should().Be(0, cleanup.ToString());
    }

    [AlwaysCold("a guest that does not boot has no template")]
    // The initrd's busybox as the first process, told to power off; a kernel without a root that panics and resets.
    [Theory(Timeout = HangLimit)]
    [InlineData("console=ttyS0 rdinit=/bin/busybox -- poweroff -f", "Power down")]
    [InlineData("console=ttyS0 rdinit=/nonexistent root=/dev/none panic=-1", "Kernel panic")]
    public async Task A_guest_that_dies_while_it_boots_ends_the_wait_at_once(string cmdline, string lastWords)
    {
        Bench.With(new ImageYaml { Cmdline = cmdline, BootSeconds = 170 });
        var session = Bench.Open(new SimulatedJob { Id = 42 });
        await session.ConfigAsync();

        var prepare = await session.PrepareAsync();
        var cleanup = await session.CleanupAsync();

        prepare.ExitCode.Should().Be(StageReading.SystemFailureExitCode, prepare.ToString());
        prepare.Duration.Should().BeLessThan(TimeSpan.FromSeconds(90));
        session.Trace.ToString().Should().Contain(lastWords).And.MatchRegex("VMX[0-9]{4}");
        cleanup.ExitCode.Should().Be(0, cleanup.ToString());
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_guest_that_powers_off_mid_script_is_a_system_failure_soon()
    {
        Bench.With(new ImageYaml { User = "root" });
        var job = new SimulatedJob
        {
            Id = 43,
            Script = ["echo going-$((1+1))", "sync; echo o > /proc/sysrq-trigger; sleep 3000"],
            AfterScript = ["echo not-here-$((1+1))"],
        };

        var result = await Bench.RunJobAsync(job);

        result.FailureReason.Should().Be(FailureReason.RunnerSystemFailure, result.ToString());
        var build = result.Last(Stage.Run, SubStages.BuildScript);
        build.OutputText.Should().Contain("going-2");
        build.ExitCode.Should().Be(StageReading.SystemFailureExitCode);
        build.Duration.Should().BeLessThan(TimeSpan.FromSeconds(30));
        build.ErrorText.Should().MatchRegex("(?i)no longer running|shut ?off|powered off").And.MatchRegex("VMX[0-9]{4}");
        result.TraceText.Should().NotContain("not-here-2");
        result.Last(Stage.Run, SubStages.AfterScript).Duration.Should().BeLessThan(TimeSpan.FromSeconds(30));
        result.Last(Stage.Cleanup).ExitCode.Should().Be(0, result.ToString());
        new Scorecard().Note("powered-off", held: true, control: null);
    }

    [AlwaysCold("publishing already refuses such a guest")]
    [Fact(Timeout = HangLimit)]
    public async Task A_guest_with_another_host_key_is_refused()
    {
        const string Other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJnVvDTBeyXyXEOiFf6sEv0fs3+3mWtp0gWbAkMeM29V";
        Bench.With(new ImageYaml { HostKey = Other });
        var session = Bench.Open(new SimulatedJob { Id = 44 });
        await session.ConfigAsync();

        var prepare = await session.PrepareAsync();
        await session.CleanupAsync();

        prepare.ExitCode.Should().Be(StageReading.SystemFailureExitCode, prepare.ToString());
        session.Trace.ToString().Should().MatchRegex("(?i)host key").And.MatchRegex("VMX[0-9]{4}");
    }
}
