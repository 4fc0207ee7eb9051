using FluentAssertions;
using VmExecutor.Trials;
using Xunit;

namespace VmExecutor.Program.Tests;

/// <summary>The output of a trial's stage is kept in bounded memory.</summary>
public sealed class StageProcessTests
{
    private static readonly Dictionary<string, string> Environment = new() { ["PATH"] = "/usr/bin:/bin" };

    [Fact(Timeout = 60_000)]
    public async Task All_that_a_stage_says_is_told_with_its_exit_code()
    {
        (await RunAsync("echo said; echo complained >&2; exit 3", StageOutput.Kept)).Should().Be((3, "said\ncomplained\n"));
        (await RunAsync("echo '{}'", StageOutput.Answer)).Should().Be((0, "{}\n"));
        (await RunAsync("exit 4", StageOutput.Passed)).Should().Be((4, ""));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("")]
    [InlineData(" >&2")]
    public async Task Of_a_stage_that_says_too_much_the_end_is_told_and_it_is_not_held_up(string stream)
    {
        var (exitCode, answer) = await RunAsync($"(head -c 300000000 /dev/zero | tr '\\0' x; echo the end){stream}; exit 3", StageOutput.Kept);

        exitCode.Should().Be(3);
        answer.Should().HaveLength(StageProcess.LongestAnswer).And.EndWith("xthe end\n");
    }

    private static Task<(int ExitCode, string Answer)> RunAsync(string script, StageOutput output) =>
        new StageProcess(Environment, "/", "/bin/sh").RunAsync(["-c", script], output, CancellationToken.None);
}
