using System.Globalization;
using System.Text;
using FluentAssertions;

namespace VmExecutor.Program.Tests;

/// <summary>The end of the program and its output.</summary>
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

    /// <summary>Whatever the program was given, what it said is short, printable, no secret and no bug.</summary>
    public void ShouldBeTame()
    {
        All.Should().NotContainAny("VMX1999", "   at ", StageBench.Canary, "Unhandled exception");
        All.Length.Should().BeLessThan(8_000, "a job log is for people");
        All.EnumerateRunes().Where(Steers).Should().BeEmpty(ToString());
    }

    private static bool Steers(Rune rune) => rune.Value != '\n' && Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    public override string ToString() => $"exit code {ExitCode}\nstdout: {Output}\nstderr: {Error}";
}
