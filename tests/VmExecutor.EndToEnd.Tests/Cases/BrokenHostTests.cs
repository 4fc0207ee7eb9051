using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Faults that people make on a host that worked: the job log and doctor name the same cause, and the remedy.</summary>
[AlwaysCold("it is about what keeps a job from starting")]
public sealed class BrokenHostTests(TestMachine machine) : BenchTest(machine)
{
    private int _job = 800;

    [Fact(Timeout = HangLimit)]
    public async Task A_libvirt_that_is_stopped()
    {
        Bench.With().Configure("libvirt:\n  uri: qemu+unix:///system?socket=/nowhere/libvirt-sock\n");

        await ShouldBothNameAsync("VMX1301", "/nowhere/libvirt-sock", "libvirt");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_disk_that_is_full()
    {
        Bench.With().Configure("limits:\n  wait_for_capacity: 1s\n");
        await HostCommand.OutputAsync("mount", "-t", "tmpfs", "-o", "size=96m,mode=0711", "vmx-test", Bench.StateDirectory);
        try
        {
            await ShouldBothNameAsync("VMX151", Bench.StateDirectory, "disk-space");
        }
        finally
        {
            await HostCommand.OutputAsync("umount", Bench.StateDirectory);
        }
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_key_that_the_guest_does_not_know()
    {
        var key = Path.Combine(Bench.MakeDirectory("keys"), "other");
        await HostCommand.OutputAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key);
        Bench.With(new ImageYaml { KeyFile = key, SshSeconds = 20 });

        await ShouldBothNameAsync("VMX1404", key, "guest-start", "--deep");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_base_disk_that_QEMU_may_not_read()
    {
        var disk = Path.Combine(Bench.MakeDirectory("disks"), "base.qcow2");
        File.Copy(Machine.Guest.Disk, disk);
        await HostCommand.OutputAsync("chown", "root:root", disk);
        File.SetUnixFileMode(disk, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Bench.With(new ImageYaml { File = disk });

        await ShouldBothNameAsync("VMX1202", disk, "base-files");
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_base_that_was_booted()
    {
        await using var source = await SourceDomain.DefineAsync($"{Bench.Token}-booted", Bench.MakeDirectory("disks"), Machine.Guest);
        Bench.With(new ImageYaml { Domain = source.Name });
        await source.StartAsync();

        await ShouldBothNameAsync("VMX1203", source.Name, "images");
    }

    /// <summary>A job fails with the code, what is broken and a hint; doctor finds a problem in that check which names it and has a fix.</summary>
    private async Task ShouldBothNameAsync(string code, string culprit, string check, params string[] arguments)
    {
        var session = Bench.Open(new SimulatedJob { Id = _job++ });
        await session.ConfigAsync();
        var prepare = await session.PrepareAsync();
        await session.CleanupAsync();
        var doctor = await DoctorReport.OfAsync(Bench, arguments);

        prepare.ExitCode.Should().Be(StageReading.SystemFailureExitCode, prepare.ToString());
        (prepare.OutputText + prepare.ErrorText).Should().Contain($"ERROR {code}").And.Contain(culprit).And.Contain("What to do: ");
        doctor.ExitCode.Should().Be(2, doctor.Text);
        doctor.Findings.Should().Contain(
            one => one.Status == "problem" && one.Check == check && (one.Found + one.Fix).Contains(culprit) && !string.IsNullOrEmpty(one.Fix), doctor.Text);
    }
}
