using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using VmExecutor.EndToEnd.Tests.Instruments;
using VmExecutor.RunnerSimulator;
using VmExecutor.RunnerSimulator.Drivers;
using VmExecutor.RunnerSimulator.Jobs;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>
/// The small guest of Debian 13: its OpenSSH shuts out clients by <c>PerSourcePenalties</c>. The driver's look for the banner is a connection without a login, which counts.
/// </summary>
[AlwaysCold("its guest is another one than the tests' template")]
public sealed class NewerServerTests(TestMachine machine) : PublishTest(machine)
{
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(5);

    [Theory(Timeout = 2 * HangLimit, Explicit = true)]
    [InlineData("with its default penalties", "/^PerSourcePenalties/d")]
    [InlineData("that shuts out for 20 s after one connection without a login", "s/^PerSourcePenalties.*/PerSourcePenalties noauth:20 min:10/")]
    public async Task A_job_runs_in_a_guest_whose_server_has_penalties(string server, string change)
    {
        var guest = await BuildAsync();
        var initrd = await ChangedGuest.MakeAsync(guest, Bench.MakeDirectory("changed"), $"sed -i '{change}' /etc/ssh/sshd_config");
        Bench.WriteImage("small", new ImageYaml { Initrd = initrd, IsWarm = true }.Write(guest));
        await PublishAsync("small");

        (await JobAsync(1431)).Last(Stage.Prepare).OutputText.Should().Contain(", cold (", server);
        var (exitCode, output, error) = await Bench.CommandAsync("image", "warm", "small");
        exitCode.Should().Be(0, output + error);
        (await JobAsync(1432)).Last(Stage.Prepare).OutputText.Should().Contain(", warm (", server);
    }

    private async Task<JobResult> JobAsync(long id)
    {
        var result = await Bench.RunJobAsync(new SimulatedJob
        {
            Id = id,
            Script = ["/usr/sbin/sshd -V 2>&1 | grep OpenSSH_10", "! grep -x 'PerSourcePenalties no' /etc/ssh/sshd_config"],
        });
        result.State.Should().Be(JobState.Success, result.ToString());
        return result;
    }

    private static async Task<TestGuest> BuildAsync()
    {
        var recipe = Path.Combine(BuiltDriver.Checkout(), "config/recipes/small-guest");
        var cache = Environment.GetEnvironmentVariable("VM_EXECUTOR_CACHE") is { Length: > 0 } given ? given : "/var/cache/vm-executor";
        var directory = Path.Combine(cache, "guest", (await HostCommand.OutputAsync("env", "VMX_SUITE=trixie", recipe, "--key")).Trim());
        var (exitCode, output, error) = await HostCommand.TryAsync("env", ["VMX_SUITE=trixie", recipe, directory], BuildLimit);
        exitCode.Should().Be(0, output + error);
        return new TestGuest(directory);
    }
}
