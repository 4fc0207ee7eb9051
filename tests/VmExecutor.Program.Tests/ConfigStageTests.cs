using System.Text;
using FluentAssertions;
using VmExecutor.RunnerSimulator.Stages;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>Config's answers, read by the runner's own strict reader.</summary>
public sealed class ConfigStageTests : IDisposable
{
    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task The_answer_is_one_json_document_and_nothing_else()
    {
        var exit = await _bench.RunAsync("config");

        exit.ExitCode.Should().Be(0, exit.ToString());
        exit.Error.Should().BeEmpty();
        var reply = DriverReply.Parse(Encoding.UTF8.GetBytes(exit.Output));
        reply.DriverName.Should().Be("vm-executor");
        reply.DriverVersion.Should().NotBeNullOrEmpty();
        reply.Shell.Should().Be("bash");
        reply.BuildsDirectory.Should().Be("/builds");
        reply.CacheDirectory.Should().Be("/cache");
        reply.Hostname.Should().StartWith("vmx-prgtest-4711-");
        exit.Output.Should().NotContain(StageBench.Canary);
    }

    [Fact]
    public async Task The_image_is_what_the_trusted_job_says_not_what_a_job_variable_says()
    {
        _bench.WriteResponse("other").Environment["CUSTOM_ENV_CI_JOB_IMAGE"] = "small";

        var exit = await _bench.RunAsync("config");

        DriverReply.Parse(Encoding.UTF8.GetBytes(exit.Output)).Shell.Should().Be("sh");
    }

    [Theory]
    [InlineData("lots", "VMX1013", "whole number")]
    [InlineData("0", "VMX1014", "at least 1")]
    public async Task A_size_that_the_configuration_rules_out_is_a_build_failure(string cpus, string code, string says)
    {
        _bench.Write("response.json", $$"""{ "id": 4711, "image": { "name": "small" }, "variables": [ { "key": "VM_CPUS", "value": "{{cpus}}" } ] }""");

        var exit = await _bench.RunAsync("config");

        exit.ShouldFail(StageBench.BuildFailure, code, "VM_CPUS", says, ".gitlab-ci.yml");
        exit.Output.Should().BeEmpty();
    }

    [Fact]
    public async Task A_size_in_the_environment_alone_is_nobodys_wish()
    {
        _bench.Environment["CUSTOM_ENV_VM_CPUS"] = "lots";

        (await _bench.RunAsync("config")).ExitCode.Should().Be(0);
    }

    [Theory]
    [InlineData("no-such-image")]
    [InlineData("../small")]
    [InlineData("small\n")]
    [InlineData("$(id)")]
    [InlineData("small'; drop --")]
    [InlineData("\u001b[31mred")]
    public async Task An_image_that_is_not_there_is_a_build_failure_that_lists_the_others(string image)
    {
        _bench.WriteResponse(image);

        var exit = await _bench.RunAsync("config");

        exit.ShouldFail(StageBench.BuildFailure, "VMX1010", "small", "other", ".gitlab-ci.yml");
        exit.Output.Should().BeEmpty();
        exit.Error.Should().NotContain("\u001b", "what a job says must not steer a terminal");
    }

    [Fact]
    public async Task A_job_without_image_and_a_runner_without_default_is_a_build_failure()
    {
        _bench.WriteResponse("").Write("vm-executor.yaml", $"state_dir: {_bench.PathOf("state")}\nimages_dir: images\n");

        var exit = await _bench.RunAsync("config");

        exit.ShouldFail(StageBench.BuildFailure, "VMX1011", "small", "other");
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("4096")]
    public async Task An_exit_code_that_cannot_be_one_means_the_runners_usual(string value)
    {
        _bench.WriteResponse("no-such-image").Environment["BUILD_FAILURE_EXIT_CODE"] = value;

        var exit = await _bench.RunAsync("config");

        exit.ExitCode.Should().Be(1, exit.ToString());
    }
}
