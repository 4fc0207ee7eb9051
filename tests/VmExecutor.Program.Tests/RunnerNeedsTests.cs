using System.Text.Json.Nodes;
using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>Warnings of prepare and check about the runner's configuration, which they look up where the runner has it.</summary>
public sealed class RunnerNeedsTests : IDisposable
{
    private const string CacheLine = "WARNING: this job's cache is gone with its VM";

    private readonly StageBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task Prepare_tells_a_job_with_a_cache_that_it_is_gone_with_the_VM()
    {
        WriteToml("runner-root/etc/gitlab-runner/config.toml", "");
        (await PrepareAsync(cache: true)).Should().ContainSingle(line => line.StartsWith(CacheLine, StringComparison.Ordinal));
        (await PrepareAsync(cache: false)).Should().NotContain(line => line.StartsWith(CacheLine, StringComparison.Ordinal));

        // Of two runners the one that the job came to counts; a file that CONFIG_FILE names comes before the system's.
        WriteToml("elsewhere/config.toml", "[runners.cache]\nType = \"s3\"\n[[runners]]\nname = \"b\"\ntoken = \"glrt-b\"\nexecutor = \"custom\"\n");
        Directory.CreateDirectory(_bench.PathOf("runner-root"));
        _bench.Write("runner-root/elsewhere.toml", File.ReadAllText(_bench.PathOf("elsewhere/config.toml")));
        _bench.Environment["CONFIG_FILE"] = "/elsewhere.toml";
        (await PrepareAsync(cache: true)).Should().NotContain(line => line.StartsWith(CacheLine, StringComparison.Ordinal));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("")]
    [InlineData("[[runners]\n")]
    [InlineData("[[runners]]\nname = \"x\"\nexecutor = \"shell\"\n")]
    public async Task Prepare_says_nothing_of_what_it_does_not_know(string toml)
    {
        _bench.Write("runner-root/etc/gitlab-runner/config.toml", toml);

        (await PrepareAsync(cache: true)).Should().NotContain(line => line.Contains("cache"));
    }

    [Fact(Timeout = 60_000)]
    public async Task Check_names_images_whose_sh_may_not_read_the_runners_scripts_unless_the_flag_is_on()
    {
        var before = await _bench.RunAsync("check");
        foreach (var stage in new[] { "config", "prepare", "run", "cleanup" })
        {
            _bench.Write($"driver/{stage}", $"#!/bin/sh\nexec vm-executor {stage} \"$@\"\n");
        }

        WriteToml("runner-root/etc/gitlab-runner/config.toml", $"[runners.custom]\nrun_exec = \"{_bench.PathOf("driver/run")}\"\n[runners.feature_flags]\nFF_POSIXLY_CORRECT_ESCAPES = true\n");
        var after = await _bench.RunAsync("check");

        before.ExitCode.Should().Be(0);
        before.Output.Split('\n').Should().ContainSingle(line => line.Contains("FF_POSIXLY_CORRECT_ESCAPES")).Which.Should().StartWith("warning: image 'other' has shell: sh");
        after.Output.Should().NotContain("FF_POSIXLY_CORRECT_ESCAPES");
    }

    private void WriteToml(string file, string tables) =>
        _bench.Write(file, $"[[runners]]\nname = \"a\"\ntoken = \"glrt-prgtest-1\"\nexecutor = \"custom\"\n{tables}");

    /// <summary>It fails for want of a real libvirt; what it has to say of the runner comes before.</summary>
    private async Task<IReadOnlyList<string>> PrepareAsync(bool cache)
    {
        var response = JsonNode.Parse(await File.ReadAllTextAsync(_bench.PathOf("response.json"), TestContext.Current.CancellationToken))!;
        response["cache"] = cache ? new JsonArray(new JsonObject { ["key"] = "k", ["paths"] = new JsonArray("a/") }) : new JsonArray();
        _bench.Write("response.json", response.ToJsonString());
        var exit = await _bench.RunAsync("prepare");
        return (exit.Output + exit.Error).Split('\n');
    }
}
