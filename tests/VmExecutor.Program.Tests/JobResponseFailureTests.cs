using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>Every stage with a job response that is missing or garbage: the host must be looked after.</summary>
public sealed class JobResponseFailureTests : IDisposable
{
    private readonly StageBench _bench = new();

    public static TheoryData<string> Stages => ConfigurationFailureTests.Stages;

    public void Dispose() => _bench.Dispose();

    [Theory]
    [MemberData(nameof(Stages))]
    public async Task A_stage_that_no_runner_started_says_so(string stage)
    {
        _bench.Environment.Remove("JOB_RESPONSE_FILE");

        var exit = await _bench.RunAsync(stage.Split(' '));

        exit.ShouldFail(StageBench.SystemFailure, "VMX1003", "JOB_RESPONSE_FILE");
    }

    [Theory]
    [MemberData(nameof(Stages))]
    public async Task A_job_response_that_is_not_there_is_named(string stage)
    {
        _bench.Environment["JOB_RESPONSE_FILE"] = "/nonexistent/response.json";

        var exit = await _bench.RunAsync(stage.Split(' '));

        exit.ShouldFail(StageBench.SystemFailure, "VMX1001", "/nonexistent/response.json");
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json, but glcbt-64_CANARY77aa")]
    [InlineData("""{"id": 5, "token": "glcbt-64_CANARY77aa" """)]
    [InlineData("""["glcbt-64_CANARY77aa"]""")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"id": "5"}""")]
    [InlineData("""{"id": -5}""")]
    [InlineData("""{"id": 1e999}""")]
    [InlineData("\0\0\0\0")]
    public async Task Garbage_in_the_job_response_is_a_system_failure_that_shows_nothing_of_it(string content)
    {
        _bench.Write("response.json", content);

        foreach (var stage in new[] { "config", "cleanup" })
        {
            var exit = await _bench.RunAsync(stage.Split(' '));

            exit.ShouldFail(StageBench.SystemFailure, "VMX1001");
        }
    }

    [Fact]
    public async Task A_job_response_of_an_older_runner_with_just_an_id_is_enough_for_the_default_image()
    {
        _bench.Write("response.json", """{"id": 5, "image": null, "git_info": {}, "variables": null}""");

        var exit = await _bench.RunAsync("config");

        exit.ExitCode.Should().Be(0, exit.ToString());
    }
}
