using FluentAssertions;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Values;
using VmExecutor.Host.Processes;
using VmExecutor.Host.Runner;
using VmExecutor.RunnerSimulator.Drivers;
using Xunit;

namespace VmExecutor.Host.Tests.Runner;

/// <summary>A runner is found by its arguments, its configuration by its places; stages' programs are real files.</summary>
public sealed class RunnerFilesTests : IDisposable
{
    private static readonly AbsolutePath Root = new("/");

    private readonly string _directory = Directory.CreateTempSubdirectory("vmx-runner-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("gitlab-runner run --config /etc/g.toml", true, "/etc/g.toml")]
    [InlineData("/usr/bin/gitlab-runner --debug run -c /etc/g.toml", true, "/etc/g.toml")]
    [InlineData("/usr/bin/gitlab-runner run --config=/etc/g.toml", true, "/etc/g.toml")]
    [InlineData("/usr/bin/gitlab-runner run --working-directory /home", true, null)]
    [InlineData("gitlab-runner verify", false, null)]
    [InlineData("vi gitlab-runner run", false, null)]
    public void A_runner_is_known_by_its_arguments(string line, bool isRunner, string? config)
    {
        var arguments = line.Split(' ');

        GitLabRunner.IsRunner(arguments).Should().Be(isRunner);
        GitLabRunner.ConfigOf(arguments)?.Value.Should().Be(config);
    }

    [Fact]
    public void A_stages_program_is_looked_at_as_the_runner_starts_it()
    {
        var files = Files("PATH", "/usr/bin:/bin");
        var entry = Make("run");
        ProgramFile.Write(entry.Value, "#!/bin/sh\nexec vm-executor run \"$@\"\n");
        File.SetUnixFileMode(entry.Value, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        files.Look(new StageCommand("run", entry.Value, [])).Should().Be(new StageFile(true, false, true));
        File.SetUnixFileMode(entry.Value, (UnixFileMode)0b111_101_101);
        files.Look(new StageCommand("run", entry.Value, [])).Should().Be(new StageFile(true, true, true));
        files.Look(new StageCommand("run", "true", [])).Should().Be(new StageFile(true, true, false), "it is found in PATH, and not ours");
        files.Look(new StageCommand("run", "/nonexistent/run", [])).Should().Be(new StageFile(false, false, false));
        var program = Make("vm-executor");
        files.Look(new StageCommand("run", program.Value, ["run"])).IsOurs.Should().BeTrue();
        files.Look(new StageCommand("run", program.Value, ["--config", "/c"])).IsOurs.Should().BeFalse("it is not told which stage it is");
    }

    [Fact]
    public void The_runners_file_is_looked_for_where_it_is_likeliest()
    {
        var files = Files("HOME", "/home/anna");

        files.Places(new AbsolutePath("/named"), null).Select(place => place.Value).Should().Equal("/named");
        files.Places(null, new GitLabRunner(0, new AbsolutePath("/running"))).Select(place => place.Value).Should().Equal("/running", "/etc/gitlab-runner/config.toml", "/home/anna/.gitlab-runner/config.toml");
        RunnerFiles.Find([new AbsolutePath("/nonexistent/a"), new AbsolutePath(_directory)]).Should().Be(new AbsolutePath(_directory));
    }

    /// <summary>The runner's files of this machine, and one variable of the environment.</summary>
    private static RunnerFiles Files(string variable, string value) => new(new RunnerHost(Root), new ToolEnvironment(new Dictionary<string, string> { [variable] = value }));

    private AbsolutePath Make(string name)
    {
        var path = Path.Combine(_directory, name);
        File.WriteAllText(path, "");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new AbsolutePath(path);
    }
}
