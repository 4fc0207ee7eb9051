using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Observing;
using Xunit;

namespace VmExecutor.Core.Tests.Observing;

public sealed class LogLineTests
{
    [Theory]
    [InlineData("config", "ok", null, LogLevel.Debug)]
    [InlineData("run", "ok", null, LogLevel.Debug)]
    [InlineData("run", "script_failed", null, LogLevel.Debug)]
    [InlineData("run", "cancelled", null, LogLevel.Debug)]
    [InlineData("run", "build_failure", null, LogLevel.Info)]
    [InlineData("run", "system_failure", null, LogLevel.Error)]
    [InlineData("config", "build_failure", null, LogLevel.Info)]
    [InlineData("prepare", "ok", null, LogLevel.Info)]
    [InlineData("prepare", "ok", "no_template", LogLevel.Warning)]
    [InlineData("prepare", "system_failure", "no_template", LogLevel.Error)]
    [InlineData("cleanup", "removed", "no_template", LogLevel.Info)]
    [InlineData("cleanup", "kept", null, LogLevel.Info)]
    [InlineData("gc", "bug", null, LogLevel.Error)]
    public void A_line_is_as_important_as_what_it_tells(string stage, string outcome, string? coldReason, LogLevel level) =>
        new LogLine { Stage = stage, Outcome = outcome, ColdReason = coldReason }.Level.Should().Be(level);

    [Fact]
    public void A_leftover_that_gc_could_not_remove_is_an_error() => new LogLine { Stage = "gc", Removed = 3, Failed = 1 }.Level.Should().Be(LogLevel.Error);
}
