using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using Xunit;

namespace VmExecutor.Core.Tests.Guests;

public sealed class GuestTextTests
{
    private static readonly RunToken Token = new(new byte[16]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_wrapper_passes_any_login_shell_unharmed(bool measures)
    {
        var line = ScriptWrapper.CommandLine(Token, "echo hello\n\n"u8, GuestShell.Pwsh, LoginShell.Other, measures: measures);

        line.Should().StartWith("exec sh -c '").And.EndWith($"' vmx-run {Token} 12 script.ps1 pwsh -NoProfile -NonInteractive -File");
        line.Count(c => c == '\'').Should().Be(2);
        line.Should().NotContainAny("\n", "!", @"\\", "@start", "@peak", "@memory", "@tick", "@wait");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Bash_runs_the_wrapper_itself_and_is_found_by_the_same_words(bool measures) =>
        ScriptWrapper.CommandLine(Token, "echo hello\n\n"u8, GuestShell.Sh, LoginShell.Bash, measures: measures)
            .Should().StartWith($": vmx-run {Token}; ").And.Contain($" eval 'set -- {Token} 12 script sh;").And.EndWith("'").And.NotContainAny("exec sh", "setsid", "@start", "@peak", "@memory", "@tick", "@wait", "\n");

    [Theory]
    [InlineData(32 << 10, (byte)'#', true)]
    [InlineData((32 << 10) + 1, (byte)'#', false)]
    [InlineData(10, (byte)0, false)]
    [InlineData(10, (byte)0x7f, true)]
    [InlineData(10, (byte)0x80, false)]
    public void Bash_reads_the_script_itself_where_it_is_short_and_ASCII(int length, byte filling, bool isRead)
    {
        var script = new byte[length];
        script.AsSpan().Fill(filling);

        ScriptWrapper.CommandLine(Token, script, GuestShell.Bash, LoginShell.Bash).Contains("read -r -N", StringComparison.Ordinal).Should().Be(isRead);
        ScriptWrapper.CommandLine(Token, script, GuestShell.Bash, LoginShell.Other).Should().NotContain("read -r -N", "another shell's read has no such option");
    }

    [Theory]
    [InlineData("vmx-login:bash\nvmx-ready:\n", LoginShell.Bash)]
    [InlineData("vmx-login:fish\nvmx-ready:\n", LoginShell.Other)]
    [InlineData("vmx-login:rbash\nvmx-ready:\n", LoginShell.Other)]
    [InlineData("vmx-ready:\n", LoginShell.Other)]
    public void Only_bash_is_taken_for_bash(string output, LoginShell shell) =>
        GuestChecks.ParseLoginShell(output).Should().Be(shell);

    [Theory]
    [InlineData("banner\nvmx-ready:\n", new string[0])]
    [InlineData("vmx-ready: bash /tmp\n", new[] { "bash", "/tmp" })]
    public void The_missing_programs_are_read_from_the_last_line(string output, string[] missing) =>
        GuestChecks.ParseMissing(output).Should().Equal(missing);

    [Fact]
    public void A_login_shell_that_answers_something_else_gives_no_list() =>
        GuestChecks.ParseMissing("This account is currently not available.\n").Should().BeNull();

    [Theory]
    [InlineData("vmx-status:7 100.50. there. 130.00\n", 7, true, 29.5)]
    [InlineData("vmx-status:141 100.50. gone. 130.00\n", 141, false, 29.5)]
    [InlineData("vmx-status:0 1.00.  6.00\n", 0, false, 5.0)]
    [InlineData("vmx-status:901 . there. \n", 901, true, null)]
    [InlineData("vmx-status:  130.00\n", null, false, null)]
    [InlineData("vmx-status:7 100.5\n", null, false, null)]
    [InlineData("", null, false, null)]
    public void Only_a_status_written_to_its_end_counts(string output, int? status, bool hadSession, double? endedAgo) =>
        RunInquiry.Parse(output).Should().Be(status is { } known ? new RunOutcome(known, hadSession, endedAgo is { } ago ? TimeSpan.FromSeconds(ago) : null) : null);

    [Theory]
    [InlineData(7, true, 10, 5, true)]
    [InlineData(7, true, 4, 5, false)]
    [InlineData(7, true, null, 5, false)]
    [InlineData(7, false, 10, 5, false)]
    [InlineData(0, false, 10, 5, false)]
    [InlineData(141, true, 10, 5, false)]
    public void A_status_is_the_scripts_own_if_it_ended_before_the_loss_with_its_session(int status, bool hadSession, int? endedAgo, int lostAgo, bool own) =>
        new RunOutcome(status, hadSession, endedAgo is { } ago ? TimeSpan.FromSeconds(ago) : null).IsScriptsOwn(TimeSpan.FromSeconds(lostAgo)).Should().Be(own);

    [Theory]
    [InlineData("vmx-login:bash\nvmx-boot:01234567-89ab-cdef-0123-456789abcdef\nvmx-ready:\n", "01234567-89ab-cdef-0123-456789abcdef")]
    [InlineData("vmx-boot:\nvmx-ready:\n", null)]
    [InlineData("vmx-ready:\n", null)]
    public void A_boot_is_known_or_not(string output, string? id) => GuestBoot.ParseId(output).Should().Be(id);

    [Theory]
    [InlineData("vmx-left:0\n", 0)]
    [InlineData("vmx-left:3\n", 3)]
    [InlineData("", null)]
    public void The_number_of_processes_left_is_read_or_unknown(string output, int? left) =>
        RunEnder.ParseLeft(output).Should().Be(left);

    [Theory]
    [InlineData(1, "exit code 1")]
    [InlineData(137, "exit code 137 (its shell was killed by SIGKILL; out of memory?)")]
    [InlineData(143, "exit code 143 (as if ended by signal 15)")]
    public void An_exit_code_made_of_a_signal_is_explained(int code, string text) =>
        new ScriptExit(code).ToString().Should().Be(text);
}
