using FluentAssertions;
using VmExecutor.EndToEnd.Tests.Benches;
using VmExecutor.EndToEnd.Tests.Images;
using Xunit;

namespace VmExecutor.EndToEnd.Tests.Cases;

/// <summary>A host without KVM is warned of once per command, however many VMs the command starts.</summary>
[AlwaysCold("it publishes and warms by itself")]
public sealed class EmulationWarningTests(TestMachine machine) : BenchTest(machine)
{
    private const string Warning = "KVM does not work";

    [Fact(Timeout = 3 * HangLimit, Explicit = true)]
    public async Task Each_command_says_once_that_guests_are_emulated()
    {
        Bench.With(new ImageYaml { Accelerator = "auto", IsWarm = true });

        // doctor's own check judges the host, so a host with KVM passes too.
        var (_, checks, _) = await Bench.CommandAsync("doctor");
        var expected = checks.Contains(Warning, StringComparison.Ordinal) ? 1 : 0;

        (await SaidAsync("image", "publish", "small", "--warm")).Should().Be(expected, "publishing starts a VM for the tools, one for the probe, and the template's");
        (await SaidAsync("image", "warm", "small")).Should().Be(expected, "warming starts the template's VM and one that tries it");
        (await SaidAsync("try", "small", "--", "true")).Should().Be(expected, "a trial has four stages");
        Count(checks).Should().Be(expected, "the check 'kvm' tells it, and no other line repeats it");
    }

    private async Task<int> SaidAsync(params string[] arguments)
    {
        var (exitCode, output, error) = await Bench.CommandAsync(arguments);
        exitCode.Should().Be(0, output + error);
        return Count(output + error);
    }

    private static int Count(string text) => text.Split(Warning).Length - 1;
}
