using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Guests;
using Xunit;

namespace VmExecutor.GitlabCi.Tests;

/// <summary>Durations, variables and scripts.</summary>
public sealed class CiValueTests
{
    [Theory]
    [InlineData("1h 30m", 5400)]
    [InlineData("3 hours 30 minutes", 12600)]
    [InlineData("3600 seconds", 3600)]
    [InlineData("1h30m", 5400)]
    [InlineData("'90'", 90)]
    [InlineData("1 day and 2 hrs", 93600)]
    [InlineData("1 week, 1 min", 604860)]
    [InlineData("1.5h", 5400)]
    public void Durations_are_read_as_GitLab_reads_them(string text, int seconds) =>
        Ci.Job($"job:\n  script: [x]\n  timeout: {text}\n").Timeout.Should().Be(TimeSpan.FromSeconds(seconds));

    [Theory]
    [InlineData("soon")]
    [InlineData("0")]
    [InlineData("1 fortnight")]
    [InlineData("-1h")]
    [InlineData("90")]
    [InlineData("1:30:00")]
    [InlineData("9999999 weeks")]
    public void A_text_that_is_no_duration_is_an_error(string text) => Ci.Errors($"job:\n  script: [x]\n  timeout: {text}\n").Should().Contain("job.timeout");

    [Theory]
    [InlineData("$A", "a")]
    [InlineData("${A}b", "ab")]
    [InlineData("$B", "a-a")]
    [InlineData("$NOPE.", ".")]
    [InlineData("$$A", "$A")]
    [InlineData("100$", "100$")]
    [InlineData("$(date)", "$(date)")]
    [InlineData("${A", "A")]
    [InlineData("$SELF", "x:x:$SELF")]
    [InlineData("$RAW", "$A")]
    [InlineData("$1.$*.$@.$#.$?.$0.", "......")]
    [InlineData("${B:-y}|${}|", "||")]
    [InlineData("%A%|%NOPE%|100%|%%A%%", "a|%NOPE%|100%|%%A%%")]
    [InlineData("${A}$A$$1", "aa$1")]
    [InlineData("$A-B", "a-B")]
    public void References_are_replaced_as_runner_and_GitLab_do(string text, string value)
    {
        CiVariable[] variables = [new("B", "$A-${A}"), new("A", "a"), new("RAW", "$A", Raw: true), new("SELF", "x:$SELF"), new("T", text)];

        var expanded = CiExpansion.Expand(variables).Single(variable => variable.Name == "T").Value;

        expanded.Should().Be(value);
    }

    [Fact]
    public void Values_that_multiply_are_cut()
    {
        var variables = Enumerable.Range(0, 40).Select(i => new CiVariable($"V{i}", i == 0 ? new string('x', 100) : $"$V{i - 1}$V{i - 1}"));

        CiExpansion.Expand(variables.Take(20)).Max(variable => variable.Value.Length).Should().BeLessThanOrEqualTo(1 << 20);
    }

    [Fact]
    public void The_predefined_variables_are_GitLabs()
    {
        var commit = new CiCommit("0123456789abcdef0123456789abcdef01234567", "feat/Some_Branch", null, "main", "A <a@b>", "2026-01-02T03:04:05+00:00", "Title\n\nBody\nmore\n");
        var variables = CiPredefined.Of(new CiJob { Name = "test: unit", Stage = "test" }, new CiFacts { JobId = 7, ProjectPath = "group/sub/project", Commit = commit })
            .ToDictionary(variable => variable.Name, variable => variable.Value);

        variables.Should().Contain(new Dictionary<string, string>
        {
            ["CI"] = "true",
            ["GITLAB_CI"] = "true",
            ["CI_JOB_NAME"] = "test: unit",
            ["CI_JOB_NAME_SLUG"] = "test--unit",
            ["CI_COMMIT_SHORT_SHA"] = "01234567",
            ["CI_COMMIT_REF_SLUG"] = "feat-some-branch",
            ["CI_COMMIT_BRANCH"] = "feat/Some_Branch",
            ["CI_COMMIT_TITLE"] = "Title",
            ["CI_COMMIT_DESCRIPTION"] = "Body\nmore",
            ["CI_PROJECT_NAME"] = "project",
            ["CI_PROJECT_NAMESPACE"] = "group/sub",
            ["CI_PROJECT_ROOT_NAMESPACE"] = "group",
            ["CI_DEFAULT_BRANCH"] = "main",
        });
        variables.Should().NotContainKey("CI_COMMIT_TAG");
    }

    [Fact]
    public void A_script_exports_goes_there_echoes_and_runs() =>
        CiScript.Write(GuestShell.Bash, [new("A", "it's")], "/b/p", ["make  test ", "if x\nthen y\nfi"]).Should().Be(
            "export A='it'\\''s'\ncd '/b/p'\nprintf '%s\\n' '\u001b[32;1m$ make  test\u001b[0;m'\nmake  test\n"
            + "printf '%s\\n' '\u001b[32;1m$ if x # collapsed multi-line command\u001b[0;m'\nif x\nthen y\nfi\n");

    [Fact]
    public void A_powershell_looks_at_what_each_line_left() =>
        CiScript.Write(GuestShell.Pwsh, [new("A", "it's")], "C:\\p", ["make"]).Should()
            .StartWith($"${{A}}='it''s'\n${{env:A}}=${{A}}\ncd 'C:\\p'\n{PowerShellText.Check}\necho '").And.EndWith($"\nmake\n{PowerShellText.Check}\n");

    [Fact]
    public void A_powershell_does_not_take_a_typographic_quote_in_a_value_for_the_end_of_it() =>
        CiScript.Write(GuestShell.Pwsh, [new("A", "it\u2019s")], "/b", ["echo \u2018x\u2019"]).Should()
            .StartWith("${A}='it\u2019\u2019s'\n").And.Contain("$ echo \u2018\u2018x\u2019\u2019");
}
