using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Guests;
using VmExecutor.Program.Tests.Faults;
using Xunit;

namespace VmExecutor.Program.Tests.Publishing;

/// <summary>The keys that the probe has met are pinned for every job: they must be those of every clone.</summary>
public sealed class ChangingHostKeyTests : IDisposable
{
    private readonly StageWorld _world = new();
    private int _boots;

    public ChangingHostKeyTests() => Answer("");

    public void Dispose() => _world.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task Keys_that_are_other_ones_at_each_boot_fail_the_probe_with_both_keys_and_the_fix()
    {
        await _world.WarmAsync();
        Show(boot => Key(boot));

        var failure = (await FluentActions.Awaiting(_world.ProbeAsync).Should().ThrowAsync<SystemFailureException>()).Which;

        failure.Code.Should().Be(ErrorCodes.ProbeFailed);
        failure.Message.Should().ContainAll("other ssh host keys at each boot", Key(1), Key(2), "VMX1405");
        failure.Hint.Should().ContainAll("ssh-keygen -A", "login: cloud-init", "pin: job");
    }

    [Fact(Timeout = 60_000)]
    public async Task Keys_that_are_other_ones_at_each_boot_pass_where_each_job_pins_its_own()
    {
        await _world.WarmAsync();
        _world.Pin = HostKeyPin.Job;
        Show(boot => Key(boot));

        (await _world.ProbeAsync()).HostKeys.Should().BeEmpty();

        _boots.Should().Be(1, "nothing is pinned, so no second clone is needed");
    }

    [Fact(Timeout = 60_000)]
    public async Task Keys_that_may_be_new_and_stay_the_same_pass_after_a_second_boot()
    {
        await _world.WarmAsync();
        Show(_ => Key(1));

        (await _world.ProbeAsync()).HostKeys.Should().Equal(Key(1));

        _boots.Should().Be(2);
    }

    [Fact(Timeout = 60_000)]
    public async Task Keys_that_are_older_than_the_boot_cost_no_second_one()
    {
        await _world.WarmAsync();
        Answer($"vmx-old-key:{Key(1)}\n");
        Show(_ => Key(1));

        await _world.ProbeAsync();

        _boots.Should().Be(1);
    }

    private static string Key(int number) => $"ssh-ed25519 {Convert.ToBase64String([.. "key"u8, (byte)number, 0, 0])}";

    private void Answer(string keys)
    {
        _world.GuestShell.Script = (script, output) => HostShell.RunAsync("bash", script, output);
        _world.GuestShell.CommandOutput = $"vmx-clock:{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}\nvmx-git:git version 2.39.5\nvmx-free:9999999\n{keys}";
    }

    private void Show(Func<int, string> key) => _world.GuestShell.Opened = access =>
    {
        _boots++;
        File.WriteAllText(access.Directory.Child(SshArguments.KnownHostsFile).Value, $"{access.Domain} {key(_boots)}\n");
    };
}
