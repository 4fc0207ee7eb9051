using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>doctor on the machine that all other tests run on, which must be without problems, and with what people break.</summary>
[AlwaysCold("it looks, and starts one clone that is not about how it comes up")]
public sealed class DoctorTests(TestMachine machine) : BenchTest(machine)
{
    [Fact(Timeout = HangLimit)]
    public async Task A_machine_that_runs_jobs_has_no_problem_and_what_is_broken_is_named_with_what_helps()
    {
        var disks = Bench.MakeDirectory("disks");
        var (disk, key) = (Path.Combine(disks, "base.qcow2"), Path.Combine(disks, "key"));
        File.Copy(Machine.Guest.Disk, disk);
        await HostCommand.OutputAsync("install", "-m", "0600", Machine.Guest.Key, key);
        await HostCommand.OutputAsync("chmod", "a+r", disk);
        Bench.With(new ImageYaml { File = disk, KeyFile = key });

        var whole = await DoctorReport.OfAsync(Bench);
        File.SetUnixFileMode(disk, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Bench.With(new ImageYaml { File = disk, KeyFile = key, Network = $"gone-{Bench.Token}" });
        var broken = await DoctorReport.OfAsync(Bench);

        whole.ExitCode.Should().BeLessThan(2, whole.Text);
        whole.Findings.Should().NotContain(finding => finding.Status == "problem").And.Contain(finding => finding.Check == "libvirt" && finding.Status == "ok")
            .And.Contain(finding => finding.Check == "base-files" && finding.Status == "ok").And.Contain(finding => finding.Check == "network" && finding.Status == "ok");
        broken.ExitCode.Should().Be(2);
        broken.Findings.Where(finding => finding.Status == "problem").Select(finding => (finding.Check, finding.Fix)).Should().Contain(("base-files", $"chmod a+r {disk}"))
            .And.Contain(("ssh-keys", $"chmod 600 '{key}'"));
        broken.Findings.Should().Contain(finding => finding.Check == "network" && finding.Found.Contains($"there is no libvirt network 'gone-{Bench.Token}'"));
    }

    [Fact(Timeout = HangLimit)]
    public async Task A_guest_tells_what_it_reaches_and_a_listener_of_the_hosts_whether_it_was_reached()
    {
        Bench.With();
        using var canary = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        canary.Start();
        var port = ((System.Net.IPEndPoint)canary.LocalEndpoint).Port;

        var deep = await DoctorReport.OfAsync(Bench, "--deep", "--reach", $"10.0.2.2:{port}");

        deep.Findings.Should().Contain(finding => finding.Check == "guest-start" && finding.Status == "ok", deep.Text);
        deep.Findings.Should().Contain(finding => finding.Check == "guest-out" && finding.Status == "ok" && finding.Found.EndsWith($"reaches 10.0.2.2:{port}"), deep.Text);
        canary.Pending().Should().BeTrue("what the guest says it reached has seen it");

        // As README.md says: QEMU's user-mode network passes 10.0.2.2 on to the host's loopback, unless a firewall keeps it off (FirewallTests).
        deep.Findings.Should().Contain(finding => finding.Check == "guest-loopback" && finding.Status == "warning" && finding.Fix!.Contains("vm-executor-firewall"), deep.Text);
        deep.Findings.Should().Contain(finding => finding.Check == "loopback" && finding.Found.Contains($"127.0.0.1:{port}"), deep.Text);
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }
}
