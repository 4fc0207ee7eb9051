using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>Every stage with a configuration that is missing or wrong: the operator must act.</summary>
public sealed class ConfigurationFailureTests : IDisposable
{
    private readonly StageBench _bench = new();

    public static TheoryData<string> Stages => ["config", "prepare", "run script build_script", "cleanup"];

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(Stages))]
    public async Task A_missing_configuration_is_a_system_failure_that_names_the_file(string stage)
    {
        _bench.Environment["VM_EXECUTOR_CONFIG"] = "/nonexistent/vm-executor.yaml";

        var exit = await _bench.RunAsync(stage.Split(' '));

        exit.ShouldFail(StageBench.SystemFailure, "VMX1102", "/nonexistent/vm-executor.yaml", "VM_EXECUTOR_CONFIG");
    }

    [Theory]
    [MemberData(nameof(Stages))]
    public async Task A_wrong_configuration_is_a_system_failure_that_lists_every_error_at_its_place(string stage)
    {
        _bench.Write("vm-executor.yaml", "state_dri: /x\nlibvirt:\n  call_timeout: soon\n")
            .Write("images/small.yaml", "source: file\nfile: /b\nshell: fish\nssh: {user: ci, key: /k}\n");

        var exit = await _bench.RunAsync(stage.Split(' '));

        exit.ShouldFail(
            StageBench.SystemFailure,
            "VMX1101",
            "vm-executor.yaml:1:1", "state_dri", "state_dir",
            "vm-executor.yaml:3:", "call_timeout", "soon");
        if (stage is "config" or "prepare")
        {
            exit.ShouldFail(StageBench.SystemFailure, "small.yaml:3:", "fish", "bash");
        }
    }

    [Theory]
    [InlineData("cleanup")]
    [InlineData("gc")]
    [InlineData("list")]
    public async Task A_mistake_in_an_image_does_not_keep_VMs_from_being_removed(string command)
    {
        _bench.Write("images/small.yaml", "source: [\n")
            .Write("vm-executor.yaml", $"state_dir: {_bench.PathOf("state")}\nlibvirt:\n  uri: test:///default\ndefault_image: gone\ndefaults:\n  shell: fish\n");

        var exit = await _bench.RunAsync(command);

        exit.ExitCode.Should().Be(0, exit.ToString());
    }

    [Fact]
    public async Task Text_that_is_no_yaml_is_a_system_failure_with_its_place()
    {
        _bench.Write("vm-executor.yaml", "state_dir: [unclosed\n  : :\n");

        var exit = await _bench.RunAsync("config");

        exit.ShouldFail(StageBench.SystemFailure, "VMX1101", "vm-executor.yaml:");
        exit.Output.Should().BeEmpty("stdout is for the runner's JSON");
    }

    [Fact]
    public async Task The_option_wins_over_the_variable()
    {
        _bench.Environment["VM_EXECUTOR_CONFIG"] = "/nonexistent/vm-executor.yaml";

        var exit = await _bench.RunAsync("config", "--config", _bench.PathOf("vm-executor.yaml"));

        exit.ExitCode.Should().Be(0, exit.ToString());
    }

    [Fact]
    public async Task Check_tells_a_person_the_same_errors()
    {
        _bench.Write("vm-executor.yaml", "state_dri: /x\n");

        var exit = await _bench.RunAsync("check");

        exit.ExitCode.Should().NotBe(0);
        (exit.Output + exit.Error).Should().ContainAll("vm-executor.yaml:1:1", "state_dri", "state_dir");
    }
}
