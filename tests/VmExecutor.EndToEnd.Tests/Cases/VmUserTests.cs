using System.Diagnostics;
using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Jobs;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Each VM of a job runs as a user of its own of this host. Which user a QEMU has, the kernel says.</summary>
[AlwaysWarm]
public sealed class VmUserTests(TestMachine machine) : WarmTest(machine)
{
    private const string Claims = "/run/vm-executor/users";

    [Fact(Timeout = HangLimit)]
    public async Task A_cold_a_warm_and_a_standby_clone_have_users_of_their_own_and_nothing_is_left_of_a_user_whose_clone_is_gone()
    {
        Bench.With(new ImageYaml { WarmLimit = "120s", Further = ["standby: {count: 1, max_age: 1h}"] });
        var (exit, output, error) = await Bench.CommandAsync("standby", "fill");
        exit.Should().Be(0, output + error);
        var standby = await PrepareAsync(1601);
        standby.Trace.ToString().Should().Contain("Took VM ");
        Bench.With(new ImageYaml { WarmLimit = "120s" });
        await Bench.CommandAsync("standby", "drain");
        var warm = await PrepareAsync(1602);
        warm.Trace.ToString().Should().MatchRegex(@"Ready after \d+\.\d\d s, warm ");
        Bench.WriteImage("cold", new ImageYaml { Name = "cold" }.Write(Machine.Guest));
        var cold = Bench.Open(new SimulatedJob { Id = 1603, Image = "cold" });
        await cold.ConfigAsync();
        (await cold.PrepareAsync()).ShouldSucceed();
        cold.Trace.ToString().Should().MatchRegex(@"Ready after \d+\.\d\d s, cold ");

        JobSession[] sessions = [standby, warm, cold];
        var vms = await VmsAsync();
        vms.Should().HaveCount(3);
        vms.Select(vm => vm.User).Should().OnlyHaveUniqueItems().And.OnlyContain(user => user.StartsWith("vm-executor-g", StringComparison.Ordinal));
        foreach (var vm in vms)
        {
            vm.StampedUser.Should().Be(vm.User, "gc and people go by the stamp");
            var directory = Path.Combine(Bench.StateDirectory, "jobs", vm.Domain["vmx-".Length..]);
            (await HostCommand.OutputAsync("stat", "-c", "%U %a", Path.Combine(directory, "vda.qcow2"))).Trim().Should().Be($"{vm.User} 600");
            (await HostCommand.OutputAsync("stat", "-c", "%U %a", Path.Combine(directory, "console.log"))).Trim().Should().Be("root 600");
        }

        // A QEMU that a guest has taken over starts a process of its own.
        var (left, file) = (LeaveProcess(vms[0].User), $"/tmp/vmx-left-{vms[0].User}-{Environment.ProcessId}");
        await HostCommand.OutputAsync("setpriv", "--reuid", vms[0].User, "--clear-groups", "touch", file);
        await CleanUpAsync(sessions);
        (await Bench.CommandAsync("gc")).ExitCode.Should().Be(0);

        left.WaitForExit(TimeSpan.FromSeconds(20)).Should().BeTrue("the user's VM is gone");
        File.Exists(file).Should().BeFalse();
        Mine().Should().BeEmpty();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    private async Task<IReadOnlyList<(string Domain, string User, string? StampedUser)>> VmsAsync()
    {
        var vms = new List<(string, string, string?)>();
        foreach (var directory in Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs")))
        {
            var domain = $"vmx-{Path.GetFileName(directory)}";
            var pid = (await File.ReadAllTextAsync($"/run/libvirt/qemu/{domain}.pid", TestContext.Current.CancellationToken)).Trim();
            var user = (await HostCommand.OutputAsync("ps", "-o", "user:32=", "-p", pid)).Trim();
            var stamp = XElement.Parse(await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "metadata", domain, "urn:vm-executor:job:1"));
            vms.Add((domain, user, (string?)stamp.Attribute("user")));
        }

        return vms;
    }

    /// <summary>The claims of this test's clones.</summary>
    private IEnumerable<string> Mine() => Directory.GetFiles(Claims).Where(claim => File.ReadAllText(claim).StartsWith(Bench.StateDirectory, StringComparison.Ordinal));

    private static Process LeaveProcess(string user) => Process.Start("setpriv", ["--reuid", user, "--clear-groups", "sleep", "1000"]);
}
