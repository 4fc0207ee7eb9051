using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Health;

public sealed class ConfigRulesTests
{
    private static readonly AbsolutePath Path = new("/etc/vm-executor/vm-executor.yaml");
    private static readonly Settings Settings = new() { File = Path, Images = [] };

    [Fact]
    public void A_configuration_without_errors_is_fine_or_warned_of_line_by_line()
    {
        ConfigRules.Decide(Path, new ConfigurationResult(Settings, [])).Should().ContainSingle().Which.Should().Be(Checks.Config.Ok($"{Path}: no errors, 0 images"));
        ConfigRules.Decide(Path, new ConfigurationResult(Settings, [new ConfigurationWarning(Path, 3, 1, "a", "b"), new ConfigurationWarning(Path, 4, 1, "c", "d")]))
            .Should().HaveCount(2).And.OnlyContain(finding => finding.Status == CheckStatus.Warning)
            .And.Contain(finding => finding.Fix == $"editor +4 '{Path}' && vm-executor check");
    }

    [Fact]
    public void Each_error_is_a_problem_with_its_line() =>
        ConfigRules.Decide(new ConfigurationException([new ConfigurationError(Path, 7, 2, "a", "b")])).Should().ContainSingle()
            .Which.Should().Be(Checks.Config.Problem($"{Path}:7:2: a: b", $"editor +7 '{Path}' && vm-executor check"));

    [Theory]
    [InlineData(true, "install -D -m 0644 config/vm-executor.yaml '/etc/vm-executor/vm-executor.yaml'")]
    [InlineData(false, "Look.")]
    public void A_file_that_is_not_there_is_to_be_made_and_one_that_cannot_be_read_is_not(bool isMissing, string fix) =>
        ConfigRules.Decide(Path, new SystemFailureException(ErrorCodes.ConfigurationMissing, "no file", "Look."), isMissing).Should().ContainSingle()
            .Which.Should().Be(Checks.Config.Problem("no file (VMX1102)", fix));
}
