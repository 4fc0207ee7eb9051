using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>Run and cleanup where prepare never was, and command lines that no runner gives.</summary>
public sealed class RunStageTests : IDisposable
{
    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Run_without_prepare_is_a_system_failure_that_says_so()
    {
        _bench.Write("script", "#!/bin/sh\n");

        var exit = await _bench.RunAsync("run", _bench.PathOf("script"), "build_script");

        exit.ShouldFail(StageBench.SystemFailure, "VMX1409", "prepare");
    }

    [Fact]
    public async Task Run_forgets_the_exit_code_of_an_earlier_sub_stage_first_of_all()
    {
        _bench.Write("build_exit_code", "99\n");

        await _bench.RunAsync("run", _bench.PathOf("script"), "build_script");

        File.Exists(_bench.ExitCodeFile).Should().BeFalse("the runner would take the number for this sub-stage's");
    }

    [Fact]
    public async Task Cleanup_with_nothing_there_succeeds_in_silence()
    {
        var exit = await _bench.RunAsync("cleanup");

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Error.Should().BeEmpty("the runner logs it as a warning");
        exit.Output.Should().NotContain(StageBench.Canary);
    }

    [Fact]
    public async Task Cleanup_of_a_record_that_is_damaged_succeeds()
    {
        var answer = await _bench.RunAsync("config");
        var key = System.Text.Json.JsonDocument.Parse(answer.Output).RootElement.GetProperty("hostname").GetString()!["vmx-".Length..];
        _bench.Write($"state/jobs/{key}/job.json", "{ damaged").Write($"state/jobs/{key}/vda.qcow2", "");

        var exit = await _bench.RunAsync("cleanup");

        exit.ExitCode.Should().Be(0, exit.ToString());
        Directory.Exists(_bench.PathOf($"state/jobs/{key}")).Should().BeFalse();
    }

    [Theory]
    [InlineData("frobnicate", "frobnicate")]
    [InlineData("run", "run")]
    [InlineData("run only-a-script", "run")]
    [InlineData("prepare --no-such-option", "--no-such-option")]
    [InlineData("cleanup superfluous", "superfluous")]
    public async Task A_command_line_that_no_runner_gives_is_the_operators_to_correct(string arguments, string mention)
    {
        var exit = await _bench.RunAsync(arguments.Split(' '));

        exit.ShouldFail(StageBench.SystemFailure, "VMX1901", mention);
    }

    [Fact]
    public async Task A_libvirt_that_does_not_answer_is_a_system_failure_that_names_it()
    {
        _bench.Write(
            "vm-executor.yaml",
            $"state_dir: {_bench.PathOf("state")}\nimages_dir: images\ndefault_image: small\nlibvirt:\n  uri: qemu+unix:///system?socket=/nonexistent/libvirt-sock\n");

        var exit = await _bench.RunAsync("prepare");

        exit.ShouldFail(StageBench.SystemFailure, "VMX1301", "/nonexistent/libvirt-sock");
    }
}
