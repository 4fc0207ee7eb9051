using FluentAssertions;
using Xunit;

namespace VmExecutor.Program.Tests;

public sealed class TryCommandTests
{
    [Fact(Timeout = 60_000)]
    public async Task A_script_that_is_not_there_is_named_before_anything_is_started()
    {
        using var bench = new StageBench();

        var exit = await bench.RunAsync("try", "small", "--script", "/nonexistent/script");

        exit.ShouldFail(StageBench.SystemFailure, "VMX1901", "/nonexistent/script");
        exit.Output.Should().BeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_script_and_a_command_at_once_are_refused()
    {
        using var bench = new StageBench();

        var exit = await bench.RunAsync("try", "small", "--script", "x", "--", "true");

        exit.ShouldFail(StageBench.SystemFailure, "VMX1901", "not both");
    }
}
