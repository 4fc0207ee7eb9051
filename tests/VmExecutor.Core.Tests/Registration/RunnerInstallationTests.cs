using FluentAssertions;
using VmExecutor.Core.Configuration;
using VmExecutor.Core.Failures;
using VmExecutor.Core.Health.Runner;
using VmExecutor.Core.Registration;
using VmExecutor.Core.Values;
using Xunit;

namespace VmExecutor.Core.Tests.Registration;

public sealed class RunnerInstallationTests
{
    private const string Registered = """
        # a comment of the administrator's
        concurrent = 4

        [[runners]]
          name = "shell one"
          url = "https://gitlab.example.com"
          token = "glrt-1"
          executor = "shell"
          [runners.cache]
            MaxUploadedArchiveSize = 0

        [[runners]]
          name = "ours"   # registered yesterday
          url = "https://gitlab.example.com"
          token = "glrt-2"
          executor = "custom"
          [runners.custom]
            graceful_kill_timeout = 33
          [runners.cache]
            Type = "s3"

        # the end

        """;

    private static readonly AbsolutePath File = new("/etc/gitlab-runner/config.toml");

    private static Settings Settings { get; } = new() { File = new AbsolutePath("/etc/vm-executor/vm-executor.yaml"), StateDir = new AbsolutePath("/var/lib/vm-executor"), Images = [] };

    private static IReadOnlyList<RunnerKey> Stages { get; } =
        RunnerStages.Keys(new AbsolutePath("/usr/lib/vm-executor"), Settings, new AbsolutePath("/etc/vm-executor/vm-executor.yaml"));

    [Fact]
    public void A_registered_runner_gets_its_stages_and_all_else_stays_as_it_was_written()
    {
        var edit = RunnerInstallation.Decide(Registered, File, Request(), Stages)!;

        edit.Runner.Should().Be("ours");
        WithoutAdded(edit).Should().Be(Registered);
        var runner = Read(edit).Runners[1];
        runner.BuildsDir.Should().Be("/builds");
        runner.CacheDir.Should().Be("/cache");
        runner.Custom!.Stages.Select(stage => stage.Exec).Should().Equal(
            "/usr/lib/vm-executor/config", "/usr/lib/vm-executor/prepare", "/usr/lib/vm-executor/run", "/usr/lib/vm-executor/cleanup");
        runner.Custom.Stages.Select(stage => stage.ConfigOption).Should().AllBe("/etc/vm-executor/vm-executor.yaml");
        runner.Custom.GracefulKill.Should().Be(TimeSpan.FromSeconds(33), "what an administrator has said stays");
        runner.Custom.ForceKill.Should().Be(TimeSpan.FromSeconds(10));
        Read(edit).Runners[0].Should().BeEquivalentTo(RunnerTomlReader.Read(Registered).Toml!.Runners[0]);
    }

    [Fact]
    public void An_installed_runner_has_no_problem_that_doctor_would_find()
    {
        var toml = Read(RunnerInstallation.Decide(Registered, File, Request(), Stages)!);

        RunnerRules.DecideTimeouts(toml with { ShutdownTimeout = TimeSpan.FromMinutes(10) }, toml.Runners[1], Settings)
            .Should().OnlyContain(finding => finding.Status == Core.Health.CheckStatus.Ok);
    }

    [Fact]
    public void It_is_done_once()
    {
        var edit = RunnerInstallation.Decide(Registered, File, Request(), Stages)!;

        RunnerInstallation.Decide(edit.Text, File, Request(), Stages).Should().BeNull();
        RunnerInstallation.Decide(edit.Text, File, Request("ours"), Stages).Should().BeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("concurrent = 2")]
    [InlineData("concurrent = 2\n\n[[runners]]\n  name = \"x\"\n  executor = \"shell\"\n\n\n")]
    public void A_new_runner_comes_to_the_end(string text)
    {
        var edit = RunnerInstallation.Decide(text, File, Request(null, "https://gitlab.example.com", "glrt-\"3"), Stages)!;

        edit.Runner.Should().Be("vm-executor");
        edit.Text.Should().StartWith(text.TrimEnd('\n'));
        var runner = Read(edit).Runners[^1];
        runner.Should().Match<RunnerEntry>(one => one.Executor == "custom" && one.Url == "https://gitlab.example.com" && one.BuildsDir == "/builds");
        edit.Text.Should().Contain("""  token = "glrt-\"3" """.TrimEnd());
        edit.Changes.Should().Contain(line => line.Line == """  token = "[hidden]" """.TrimEnd()).And.NotContain(line => line.Line.Contains("glrt-"));
        edit.Text.Split('\n')[edit.Changes[^1].Number - 1].Should().Be(edit.Changes[^1].Line);
    }

    [Fact]
    public void Line_endings_stay_as_they_are()
    {
        var windows = Registered.ReplaceLineEndings("\r\n");

        var edit = RunnerInstallation.Decide(windows, File, Request(), Stages)!;

        edit.Text.Replace("\r\n", "", StringComparison.Ordinal).Should().NotContain("\n");
        WithoutAdded(edit).Should().Be(Registered);
    }

    [Fact]
    public void A_runner_without_a_custom_table_gets_one_before_its_other_tables_or_at_its_end()
    {
        const string Text = "[[runners]]\n  name = \"a\"\n  executor = \"custom\"\n  [runners.cache]\n    Type = \"s3\"\n\n# of b\n[[runners]]\n  name = \"b\"\n  executor = \"custom\"\n\n# the end\n";

        var first = RunnerInstallation.Decide(Text, File, Request("a"), Stages)!;
        var both = RunnerInstallation.Decide(first.Text, File, Request("b"), Stages)!;

        Read(both).Runners.Should().OnlyContain(runner => runner.Custom!.Stages.Count == 4 && runner.BuildsDir == "/builds");
        both.Text.Should().EndWith("\n\n# the end\n");
        first.Text.Should().Contain("\n  [runners.cache]\n    Type = \"s3\"\n\n# of b\n[[runners]]\n");
    }

    [Theory]
    [InlineData("concurrent = ", null, "VMX1960", "cannot be read: line 1")]
    [InlineData(Registered, "nobody", "VMX1961", "no runner called 'nobody'; it has 'shell one', 'ours'")]
    [InlineData(Registered, "shell one", "VMX1961", "executor = \"shell\"")]
    [InlineData("", null, "VMX1961", "no runner with 'executor = \"custom\"'")]
    [InlineData("[[runners]]\nname=\"a\"\nexecutor=\"custom\"\n[[runners]]\nname=\"b\"\nexecutor=\"custom\"\n", null, "VMX1961", "2 runners without stages: 'a', 'b'")]
    [InlineData("[[runners]]\nname=\"a\"\nexecutor=\"custom\"\n[runners.custom]\nrun_exec=\"/other\"\n", "a", "VMX1962", "has stages already, and they are not these: run_exec = \"/other\"")]
    [InlineData("[[runners]]\nname=\"a\"\nexecutor=\"custom\"\n[runners.custom]\nrun_exec=\"/other\"\n", null, "VMX1962", "runner 'a'")]
    [InlineData("[[runners]]\nname=\"a\"\nexecutor=\"custom\"\n[runners.custom]\nrun_exec=\"\"\nrun_args=[\"x\"]\n", "a", "VMX1962", "run_args")]
    [InlineData("[[runners]]\nname=\"a\"\nexecutor=\"custom\"\n[runners.custom]\nrun_exec=5\n", null, "VMX1960", "runners[0].custom.run_exec must be a text in quotes")]
    [InlineData("[[runners]]\nname=\"a\"\nexecutor=\"custom\"\n[[runners]]\nname=\"a\"\nexecutor=\"custom\"\n", "a", "VMX1961", "2 runners called 'a'")]
    public void An_unclear_choice_is_asked_for_and_not_guessed(string text, string? runner, string code, string said)
    {
        var failure = FluentActions.Invoking(() => RunnerInstallation.Decide(text, File, Request(runner), Stages)).Should().Throw<SystemFailureException>().Which;

        failure.Code.ToString().Should().Be(code);
        failure.Message.Should().Contain(said).And.Contain(File.Value);
    }

    [Fact]
    public void A_new_runner_needs_both_address_and_token()
    {
        FluentActions.Invoking(() => RunnerInstallation.Decide("", File, Request(null, null, "glrt-4"), Stages)).Should().Throw<SystemFailureException>()
            .Which.Hint.Should().Contain("--url and --token-file");
    }

    [Fact]
    public void The_token_is_in_no_text_but_the_files()
    {
        Request(null, "https://gitlab.example.com", "glrt-5").ToString().Should().NotContain("glrt-5");
    }

    private static RunnerRequest Request(string? name = null, string? url = null, string? token = null) => new(name, url, token);

    private static RunnerToml Read(RunnerEdit edit) => RunnerTomlReader.Read(edit.Text).Toml!;

    private static string WithoutAdded(RunnerEdit edit)
    {
        var added = edit.Changes.Where(change => change.IsLine).Select(change => change.Number - 1).ToHashSet();
        return string.Join('\n', edit.Text.ReplaceLineEndings("\n").Split('\n').Where((_, index) => !added.Contains(index)));
    }
}
