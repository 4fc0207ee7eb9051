using System.Diagnostics;
using System.Xml.Linq;
using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>Each VM of a job runs as a user of its own of this host. Which user a QEMU has, the kernel says.</summary>
[AlwaysWarm]
public sealed class VmUserTests(TestMachine machine) : WarmTest(machine)
{
    private const string Claims = "/run/vm-executor/users";

    [Fact(Timeout = HangLimit)]
    public async Task A_warm_and_a_standby_clone_have_users_of_their_own_and_nothing_is_left_of_a_user_whose_clone_is_gone()
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
        JobSession[] sessions = [standby, warm];
        var vms = await VmsAsync(2);

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

    [AlwaysCold("it is about a start from the beginning")]
    [Fact(Timeout = HangLimit)]
    public async Task A_cold_clone_has_a_user_of_its_own()
    {
        Bench.With();
        var session = await PrepareAsync(1604);

        await VmsAsync(1);

        await CleanUpAsync(session);

        // A cleanup on a busy host has no time for more than its own job.
        (await Bench.CommandAsync("gc")).ExitCode.Should().Be(0);
        Mine().Should().BeEmpty();
        (await Bench.Leftovers.FindAsync()).Should().BeEmpty();
    }

    /// <summary>The VMs of this test, each with its user, as the kernel says it; and all that is to be true of each user.</summary>
    private async Task<IReadOnlyList<(string Domain, string User)>> VmsAsync(int count)
    {
        var vms = new List<(string Domain, string User)>();
        foreach (var directory in Directory.GetDirectories(Path.Combine(Bench.StateDirectory, "jobs")))
        {
            var domain = $"vmx-{Path.GetFileName(directory)}";
            var pid = (await File.ReadAllTextAsync($"/run/libvirt/qemu/{domain}.pid", TestContext.Current.CancellationToken)).Trim();
            var user = (await HostCommand.OutputAsync("ps", "-o", "user:32=", "-p", pid)).Trim();
            user.Should().StartWith("vm-executor-g");
            var stamp = XElement.Parse(await HostCommand.OutputAsync("virsh", "-c", "qemu:///system", "metadata", domain, "urn:vm-executor:job:1"));
            ((string?)stamp.Attribute("user")).Should().Be(user, "gc and people go by the stamp");
            (await HostCommand.OutputAsync("stat", "-c", "%U %a", Path.Combine(directory, "vda.qcow2"))).Trim().Should().Be($"{user} 600");
            (await HostCommand.OutputAsync("stat", "-c", "%U %a", Path.Combine(directory, "console.log"))).Trim().Should().Be("root 600");
            vms.Add((domain, user));
        }

        vms.Should().HaveCount(count);
        vms.Select(vm => vm.User).Should().OnlyHaveUniqueItems();
        return vms;
    }

    /// <summary>The claims of this test's clones.</summary>
    private IEnumerable<string> Mine() => Directory.GetFiles(Claims).Where(claim => File.ReadAllText(claim).StartsWith(Bench.StateDirectory, StringComparison.Ordinal));

    private static Process LeaveProcess(string user) => Process.Start("setpriv", ["--reuid", user, "--clear-groups", "sleep", "1000"]);
}
