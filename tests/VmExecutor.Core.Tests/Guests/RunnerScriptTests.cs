using System.Diagnostics;
using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using Xunit;

namespace VmExecutor.Core.Tests.Guests;

/// <summary>The runner's quoting, held against its source's own words and against real shells.</summary>
public sealed class RunnerScriptTests
{
    /// <summary>helpers/shell_escape_test.go and helpers/shell_escape.go of gitlab-runner.</summary>
    [Theory]
    [InlineData("", "''", "''")]
    [InlineData("standard-string", "standard-string", "standard-string")]
    [InlineData("a/b_c.d,e@f", "a/b_c.d,e@f", "a/b_c.d,e@f")]
    [InlineData("+\t\n\r&", @"$'+\t\n\r&'", "\"+\t\n\r&\"")]
    [InlineData("it's", @"$'it\'s'", "it's")]
    [InlineData("a;b", "$'a;b'", "a;b")]
    [InlineData("é\x7f\x01", @"$'\xc3\xa9\x7f\x01'", "é\x7f\x01")]
    [InlineData("echo \"$HOME\" `x` \\", @"$'echo ""$HOME"" `x` \\'", "\"echo \\\"\\$HOME\\\" \\`x\\` \\\\\"")]
    [InlineData("~{}^:+", "$'~{}^:+'", "~{}^:+")]
    public void A_text_is_quoted_as_the_runner_does(string text, string ansi, string posix)
    {
        RunnerQuoting.Quote(text, posix: false).Should().Be(ansi);
        RunnerQuoting.Quote(text, posix: true).Should().Be(posix);
    }

    [Theory]
    [InlineData("bash", GuestShell.Bash, false)]
    [InlineData("bash", GuestShell.Bash, true)]
    [InlineData("dash", GuestShell.Sh, true)]
    [InlineData("busybox sh", GuestShell.Sh, false)]
    [InlineData("busybox sh", GuestShell.Sh, true)]
    public async Task Shells_run_what_the_runner_writes_for_them(string program, GuestShell shell, bool posix)
    {
        if (!Has(program))
        {
            Assert.Skip($"there is no {program} here");
        }

        (await PassesAsync(program, shell, posix)).Should().BeTrue();
    }

    [Theory]
    [InlineData("dash")]
    [InlineData("bash")]
    [InlineData("busybox sh")]
    public async Task The_check_tells_a_shell_that_does_not_know_the_default_quoting(string program)
    {
        if (!Has(program))
        {
            Assert.Skip($"there is no {program} here");
        }

        // Asked in another way: dash knows it from 0.5.13 on.
        var knows = (await RunAsync(program, "printf %s $'\\x41'")).Output == "A";

        (await PassesAsync(program, GuestShell.Sh, posix: false)).Should().Be(knows);
    }

    [Fact]
    public async Task A_script_that_ends_early_or_says_something_else_has_not_passed()
    {
        QuotingCheck.Passed(new ScriptExit(0), "").Should().BeFalse();
        QuotingCheck.Passed(new ScriptExit(0), "vmx-quoting: it's").Should().BeFalse();
        var (_, output) = await RunAsync("bash", QuotingCheck.Script(GuestShell.Bash, posix: false));
        QuotingCheck.Passed(new ScriptExit(0), $"Welcome!\r\n{output}").Should().BeTrue();
        QuotingCheck.Passed(new ScriptExit(1), output).Should().BeFalse();
        QuotingCheck.Concerns(GuestShell.Pwsh).Should().BeFalse();
    }

    [Fact]
    public void A_script_for_PowerShell_is_one_block_that_stops_at_an_error() =>
        RunnerScript.Wrap(GuestShell.Pwsh, "echo 'it''s'\nexit 3\n", posix: false).Should().Be(
            "#!/usr/bin/env pwsh\n& {\n\n$ErrorActionPreference = \"Stop\"\necho 'it''s'\nexit 3\n\n}\n\n");

    [Theory]
    [InlineData(GuestShell.Bash, "'a b' 'it'\\''s'")]
    [InlineData(GuestShell.Sh, "'a b' 'it'\\''s'")]
    [InlineData(GuestShell.Pwsh, "& 'a b' 'it''s'")]
    public void Words_are_a_command_with_its_arguments_in_the_images_own_shell(GuestShell shell, string line)
    {
        ShellText.Line(shell, ["a b", "it's"]).Should().Be(line);
        ShellText.Line(shell, ["a b | c"]).Should().Be("a b | c");
    }

    private static bool Has(string program) => File.Exists($"/usr/bin/{program.Split(' ')[0]}") || File.Exists($"/bin/{program.Split(' ')[0]}");

    private static async Task<bool> PassesAsync(string program, GuestShell shell, bool posix)
    {
        var (exit, output) = await RunAsync(program, QuotingCheck.Script(shell, posix));
        return QuotingCheck.Passed(exit, output);
    }

    private static async Task<(ScriptExit Exit, string Output)> RunAsync(string program, string script)
    {
        var words = program.Split(' ');
        using var process = Process.Start(new ProcessStartInfo(words[0], [.. words[1..], "-s"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.WriteAsync(script);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        _ = await error;
        return (new ScriptExit(process.ExitCode), await output);
    }
}
