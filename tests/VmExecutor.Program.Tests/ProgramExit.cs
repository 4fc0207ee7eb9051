using FluentAssertions;

namespace VmExecutor.Program.Tests;

/// <summary>How the program ended and what it said.</summary>
internal sealed record ProgramExit(int ExitCode, string Output, string Error)
{
    private string All => Output + Error;

    /// <summary>The stage failed with this exit code, said what failed and what to do, and kept the secrets.</summary>
    public void ShouldFail(int exitCode, string code, params string[] mentions)
    {
        ExitCode.Should().Be(exitCode, ToString());
        All.Should().ContainAll([code, .. mentions]);
        All.Should().Contain("What to do: ").And.NotContain("   at VmExecutor", "a stack trace is for bugs")
            .And.NotContain(StageBench.Canary);
    }

    public override string ToString() => $"exit code {ExitCode}\nstdout: {Output}\nstderr: {Error}";
}
