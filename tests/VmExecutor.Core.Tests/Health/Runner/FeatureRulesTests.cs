using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Health;
using VmExecutor.Core.Health.Runner;
using Xunit;

namespace VmExecutor.Core.Tests.Health.Runner;

public sealed class FeatureRulesTests
{
    private const string Good = "[runners.custom_build_dir]\nenabled=true\n[runners.cache]\nType='s3'\n";

    [Theory]
    [InlineData("", false, CheckStatus.Warning, 2)]
    [InlineData("[runners.custom_build_dir]\n[runners.cache]\n[runners.cache.s3]\n", false, CheckStatus.Warning, 2)]
    [InlineData("[runners.custom_build_dir]\nenabled=false\n[runners.cache]\nType=''\n", false, CheckStatus.Ok, 1)]
    [InlineData(Good, true, CheckStatus.Problem, 1)]
    [InlineData(Good, null, CheckStatus.Warning, 1)]
    [InlineData(Good, false, CheckStatus.Ok, 1)]
    [InlineData(Good + "[runners.feature_flags]\nFF_POSIXLY_CORRECT_ESCAPES=true\n", true, CheckStatus.Ok, 1)]
    [InlineData(Good + "[runners.feature_flags]\nFF_POSIXLY_CORRECT_ESCAPES=false\n", true, CheckStatus.Problem, 1)]
    [InlineData(Good + "[runners.feature_flags]\nFF_USE_FASTZIP=true\n", true, CheckStatus.Problem, 1)]
    public void Quoting_cache_and_build_directory_are_looked_at(string tables, bool? needsPosix, CheckStatus status, int count)
    {
        var (toml, errors) = RunnerTomlReader.Read($"[[runners]]\nname='r'\n{tables}");
        errors.Should().BeEmpty();

        var findings = FeatureRules.Decide(toml!.Runners[0], [new ImageShell("small", GuestShell.Sh, needsPosix), new ImageShell("big", GuestShell.Bash, true), new ImageShell("win", GuestShell.Pwsh, null)]);

        findings.Should().HaveCount(count).And.OnlyContain(finding => finding.Check == Checks.RunnerFeatures && finding.Status == status, string.Join('\n', findings));
        findings.Should().OnlyContain(finding => finding.Status == CheckStatus.Ok || finding.Fix != null);
    }

    [Theory]
    [InlineData("feature_flags = 7", "runners[0].feature_flags must be a table")]
    [InlineData("feature_flags = { FF_X = 'yes' }", "runners[0].feature_flags.FF_X must be true or false")]
    [InlineData("custom_build_dir = { enabled = 1 }", "runners[0].custom_build_dir.enabled must be true or false")]
    [InlineData("cache = { Type = 3 }", "runners[0].cache.Type must be a text in quotes")]
    public void Values_that_the_runner_would_not_take_are_named(string line, string error) =>
        RunnerTomlReader.Read($"[[runners]]\n{line}\n").Errors.Should().Contain(error);
}
