using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Configuration;

public sealed class SettingsPathTests
{
    [Fact]
    public void The_option_wins() => Decide("/a.yaml", "/b.yaml").Should().Be(Path("/a.yaml", SettingsPathOrigin.Option));

    [Fact]
    public void Then_the_variable() => Decide(null, "/b.yaml").Should().Be(Path("/b.yaml", SettingsPathOrigin.Variable));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Then_the_default(string? variable) =>
        Decide(null, variable).Should().Be(Path("/etc/vm-executor/vm-executor.yaml", SettingsPathOrigin.Default));

    [Fact]
    public void A_relative_path_is_seen_from_the_working_directory()
    {
        Decide("a.yaml", null).File.Value.Should().Be("/here/a.yaml");
        Decide(null, "../b.yaml").File.Value.Should().Be("/b.yaml");
    }

    [Theory]
    [InlineData("", null, "--config does not name a file: it is empty or has a line break in it")]
    [InlineData(null, "a\nb", "VM_EXECUTOR_CONFIG does not name a file: it is empty or has a line break in it")]
    public void A_text_that_is_no_path_is_refused(string? option, string? variable, string message)
    {
        var decide = () => Decide(option, variable);

        var exception = decide.Should().Throw<SystemFailureException>().WithMessage(message).Which;
        exception.Code.Should().Be(ErrorCodes.ConfigurationMissing);
        exception.Hint.Should().Contain("/etc/vm-executor/vm-executor.yaml");
    }

    private static SettingsPath Decide(string? option, string? variable) => SettingsPath.Decide(
        option,
        variable is null ? new Dictionary<string, string>() : new() { ["VM_EXECUTOR_CONFIG"] = variable },
        new AbsolutePath("/here"));

    private static SettingsPath Path(string path, SettingsPathOrigin origin) => new(new AbsolutePath(path), origin);
}
