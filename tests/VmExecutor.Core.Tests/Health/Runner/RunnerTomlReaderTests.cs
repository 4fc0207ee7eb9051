using FluentAssertions;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Tests.Conventions;
using Xunit;

namespace VmExecutor.Core.Tests.Health.Runner;

public sealed class RunnerTomlReaderTests
{
    [Fact]
    public void The_sample_is_read_with_all_that_matters()
    {
        var (toml, errors) = RunnerTomlReader.Read(File.ReadAllText(Path.Combine(Repository.Root, "executor/config.toml")));

        errors.Should().BeEmpty();
        toml!.Concurrent.Should().Be(4);
        toml.ShutdownTimeout.Should().Be(TimeSpan.FromSeconds(220));
        var runner = toml.Runners.Should().ContainSingle().Which;
        (runner.Name, runner.Url, runner.Executor, runner.Limit, runner.BuildsDir, runner.CacheDir).Should().Be(("vm-executor", "https://gitlab.example.com", "custom", 0, "/builds", "/cache"));
        var custom = runner.Custom!;
        custom.Stages.Select(stage => stage.Stage).Should().Equal("config", "prepare", "run", "cleanup");
        custom.Stages.Should().OnlyContain(stage => stage.Exec == $"/usr/lib/vm-executor/{stage.Stage}" && stage.ConfigOption == "/etc/vm-executor/vm-executor.yaml");
        (custom.ConfigTimeout.TotalSeconds, custom.PrepareTimeout.TotalSeconds, custom.CleanupTimeout.TotalSeconds, custom.GracefulKill.TotalSeconds, custom.ForceKill.TotalSeconds)
            .Should().Be((30, 2700, 180, 20, 10));
    }

    [Fact]
    public void Absent_keys_have_the_runners_own_defaults()
    {
        var (toml, _) = RunnerTomlReader.Read("[[runners]]\nexecutor = \"custom\"\n[runners.custom]\nrun_exec = \"/r\"\nrun_args = [\"--config=/c\"]\n[[runners]]\nname = \"docker\"\nexecutor = \"docker\"\n[runners.docker]\nimage = \"x\"\n");

        toml!.Concurrent.Should().Be(1);
        toml.ShutdownTimeout.Should().Be(TimeSpan.FromSeconds(30));
        toml.Runners.Select(runner => runner.Name).Should().Equal("runners[0]", "docker");
        var custom = toml.Runners[0].Custom!;
        (custom.ConfigTimeout, custom.GracefulKill, custom.ForceKill).Should().Be((TimeSpan.FromHours(1), TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(10)));
        custom.Stages.Single(stage => stage.Stage == "run").ConfigOption.Should().Be("/c");
        custom.Stages.Where(stage => stage.Stage != "run").Should().OnlyContain(stage => stage.Exec == null && stage.ConfigOption == null);
        toml.Runners[1].Custom.Should().BeNull();
    }

    [Theory]
    [InlineData("concurrent = 4\n[[runners]\nname = \"x\"\n", "line 2, column ")]
    [InlineData("concurrent = 4\nconcurrent = 5\n", "line 2, column ")]
    [InlineData("concurrent = \"four\"\n", "concurrent must be a whole number")]
    [InlineData("concurrent = -4\n", "concurrent must be a whole number")]
    [InlineData("[runners]\nname = \"x\"\n", "runners must be written as [[runners]]")]
    [InlineData("[[runners]]\nbuilds_dir = 7\n", "runners[0].builds_dir must be a text")]
    [InlineData("[[runners]]\ncustom = \"x\"\n", "runners[0].custom must be a table")]
    [InlineData("[[runners]]\n[runners.custom]\nrun_args = \"--config\"\n", "runners[0].custom.run_args must be a list of texts")]
    [InlineData("[[runners]]\n[runners.custom]\nrun_args = [1]\n", "runners[0].custom.run_args must be a list of texts")]
    [InlineData("\0\u0001", "line 1")]
    public void Values_that_the_runner_would_not_take_are_named_with_their_place(string text, string expected)
    {
        var (toml, errors) = RunnerTomlReader.Read(text);

        toml.Should().BeNull();
        errors.Should().Contain(error => error.Contains(expected, StringComparison.Ordinal), string.Join('\n', errors));
    }

    [Fact]
    public void An_empty_file_has_no_runners() => RunnerTomlReader.Read("").Toml!.Runners.Should().BeEmpty();
}
